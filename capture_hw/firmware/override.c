#include "override.h"

#include "program.h"

static struct {
    uint16_t level;
    uint32_t left_ms;
} overrides[LAMPS];

static uint32_t longest_ms(enum lamp lamp)
{
    return lamp == WHITE ? LONGEST_WHITE_MS : LONGEST_IR_MS;
}

void override_begin(enum lamp lamp, uint16_t level, uint32_t for_ms)
{
    overrides[lamp].level = level;
    overrides[lamp].left_ms = for_ms < longest_ms(lamp) ? for_ms : longest_ms(lamp);
}

void override_end(void)
{
    overrides[WHITE].left_ms = 0;
    overrides[IR].left_ms = 0;
}

void override_advance(uint32_t ms)
{
    for (uint8_t lamp = 0; lamp < LAMPS; lamp++) {
        /* More than there can be is a bit that has flipped. */
        if (overrides[lamp].left_ms > longest_ms(lamp))
            overrides[lamp].left_ms = 0;
        overrides[lamp].left_ms -= ms < overrides[lamp].left_ms ? ms : overrides[lamp].left_ms;
    }
}

uint32_t override_left_ms(enum lamp lamp)
{
    return overrides[lamp].left_ms;
}

uint16_t override_level(enum lamp lamp, uint16_t level)
{
    return overrides[lamp].left_ms ? overrides[lamp].level : level;
}
