#include "reset.h"

#include <avr/io.h>
#include <avr/wdt.h>

#include "crc.h"
#include "eeprom.h"
#include "tick.h"

/* A start that is over before is not written. */
#define SETTLED_MS (1000ul * ACCELERATION)

/* The count goes round through so many places: 2.4 million starts before one wears out at 100,000
 * writes. Source: ATmega328P data sheet, EEPROM endurance. */
struct count {
    uint16_t starts;
    uint16_t crc;
};

static uint8_t flags __attribute__((section(".noinit")));
/* The last count, also of a start that was too short to be written. */
static struct count last __attribute__((section(".noinit")));
static struct count own;
static uint8_t place;
static bool must_write;
static uint32_t began_ms;

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
    if (flags & _BV(BORF))
        return RESET_BROWNOUT;
    if (flags & _BV(WDRF))
        return RESET_WATCHDOG;
    return flags & _BV(EXTRF) ? RESET_EXTERNAL : RESET_POWER;
}

bool reset_keeps_time(void)
{
    return reset_cause() == RESET_WATCHDOG || reset_cause() == RESET_EXTERNAL;
}

static bool is_whole(const struct count *count)
{
    return count->crc == crc_of(&count->starts, sizeof count->starts);
}

/* Set the count as EEPROM has it, and the place after it; 0 if it was never written. */
static void load(void)
{
    bool found = false;

    for (uint8_t i = 0; i < EEPROM_COUNT_PLACES; i++) {
        struct count kept;

        eeprom_read(EEPROM_COUNTS + i * sizeof kept, &kept, sizeof kept);
        if (!is_whole(&kept))
            continue;
        if (found && (int16_t)(kept.starts - own.starts) <= 0)
            continue;
        found = true;
        own.starts = kept.starts;
        place = i;
    }
    place = found ? (place + 1) % EEPROM_COUNT_PLACES : 0;
}

void reset_begin(void)
{
    load();
    if (reset_cause() != RESET_POWER && is_whole(&last) && (int16_t)(last.starts - own.starts) > 0)
        own.starts = last.starts;
    own.starts++;
    own.crc = crc_of(&own.starts, sizeof own.starts);
    last = own;
    began_ms = tick_uptime_ms();
    must_write = true;
}

void reset_turn(void)
{
    if (must_write && tick_uptime_ms() - began_ms >= SETTLED_MS
        && eeprom_write(EEPROM_COUNTS + place * sizeof own, &own, sizeof own))
        must_write = false;
}

uint16_t reset_count(void)
{
    return own.starts;
}
