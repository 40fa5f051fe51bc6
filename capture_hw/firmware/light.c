#include "light.h"

#include <stddef.h>

#include "bank.h"
#include "clock.h"
#include "lamp.h"
#include "override.h"

static uint16_t white;
static uint16_t ir = FULL_LEVEL;
static uint16_t scheduled_white;
static bool is_light;
static uint32_t looked_s;
static bool has_looked;

static void look(void)
{
    const struct program *program = bank_program();

    scheduled_white = 0;
    is_light = false;
    if (program == NULL || !clock_is_known())
        return;
    scheduled_white = program_white(program, clock_now()->utc_s);
    is_light = program_is_light(program, clock_now()->utc_s);
}

void light_turn(bool has_changed)
{
    const struct program *program = bank_program();

    if (has_changed || !has_looked || clock_now()->utc_s != looked_s) {
        look();
        looked_s = clock_now()->utc_s;
        has_looked = true;
    }
    white = override_level(WHITE, scheduled_white);
    /* Without a program nobody has said how much infrared light; the cameras should see. */
    ir = override_level(IR, program ? program->ir : FULL_LEVEL);
    lamp_set_white(white);
    lamp_set_ir(ir);
}

uint16_t light_white(void)
{
    return white;
}

uint16_t light_ir(void)
{
    return ir;
}

bool light_is_light_phase(void)
{
    return is_light;
}
