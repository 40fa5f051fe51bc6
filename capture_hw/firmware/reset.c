#include "reset.h"

#include <avr/io.h>
#include <avr/wdt.h>
#include <stdbool.h>

#include "crc.h"
#include "eeprom.h"

/* The count goes round through so many places: 2.4 million starts before one wears out at 100,000
 * writes. Source: ATmega328P data sheet, EEPROM endurance. */
struct count {
    uint16_t starts;
    uint16_t crc;
};

static uint8_t flags __attribute__((section(".noinit")));
static struct count own;
static uint8_t place;
static bool must_write;

/* The watchdog stays on over its own reset, with its shortest time, until WDRF is cleared. So this
 * runs before main and before memory is initialized. Source: ATmega328P data sheet, WDTCSR. */
void reset_note(void) __attribute__((naked, used, section(".init3")));
void reset_note(void)
{
    flags = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

enum reset_cause reset_cause(void)
{
    if (flags & _BV(PORF))
        return RESET_POWER;
    if (flags & _BV(WDRF))
        return RESET_WATCHDOG;
    if (flags & _BV(BORF))
        return RESET_BROWNOUT;
    return flags & _BV(EXTRF) ? RESET_EXTERNAL : RESET_POWER;
}

void reset_begin(void)
{
    bool found = false;

    for (uint8_t i = 0; i < EEPROM_COUNT_PLACES; i++) {
        struct count kept;

        eeprom_read(EEPROM_COUNTS + i * sizeof kept, &kept, sizeof kept);
        if (kept.crc != crc_of(&kept.starts, sizeof kept.starts))
            continue;
        if (found && (int16_t)(kept.starts - own.starts) <= 0)
            continue;
        found = true;
        own.starts = kept.starts;
        place = i;
    }
    place = found ? (place + 1) % EEPROM_COUNT_PLACES : 0;
    own.starts++;
    own.crc = crc_of(&own.starts, sizeof own.starts);
    must_write = true;
}

void reset_turn(void)
{
    if (must_write && eeprom_write(EEPROM_COUNTS + place * sizeof own, &own, sizeof own))
        must_write = false;
}

uint16_t reset_count(void)
{
    return own.starts;
}
