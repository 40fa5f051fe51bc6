#include "light.h"

#include <stddef.h>

#include "bank.h"
#include "clock.h"
#include "lamp.h"
#include "override.h"

static uint16_t white;
static uint16_t ir = FULL_LEVEL;
static uint16_t scheduled_white;
/* Without a program nobody has said how much infrared light; the cameras should see. */
static uint16_t scheduled_ir = FULL_LEVEL;
static bool is_light;
static uint32_t looked_s;
static bool has_looked;
static bool knew_time;

static void look(void)
{
    const struct program *program = bank_mend();

    scheduled_ir = program ? program->ir : FULL_LEVEL;
    scheduled_white = 0;
    is_light = false;
    if (program == NULL || !clock_is_known())
        return;
    scheduled_white = program_white(program, clock_now()->utc_s);
    is_light = program_is_light(program, clock_now()->utc_s);
}

void light_turn(bool has_changed)
{
    if (has_changed || !has_looked || clock_now()->utc_s != looked_s
        || clock_is_known() != knew_time) {
        look();
        knew_time = clock_is_known();
        looked_s = clock_now()->utc_s;
        has_looked = true;
    }
    white = override_level(WHITE, scheduled_white);
    ir = override_level(IR, scheduled_ir);
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
