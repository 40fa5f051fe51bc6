#include "rtc.h"

#include <stdint.h>

#include "calendar.h"
#include "clock.h"
#include "tick.h"
#include "twi.h"

/* Source: Maxim DS3231 data sheet, address and register map. */
#define DEVICE 0xD0u
#define REGISTERS 16u
#define MONTH 5u
#define CONTROL 14u
#define STATUS 15u
#define OSCILLATOR_STOPPED 0x80u
#define TWELVE_HOURS 0x40u
/* As after its power-on: runs on its battery, no alarms. */
#define CONTROL_PLAIN 0x1Cu
/* A resonator of 0.5 % is 80 ms wrong then. */
#define LOOK_EVERY_MS (16000ul * ACCELERATION)
/* The beginning of a second comes within one. */
#define LOOK_MS (1200ul * ACCELERATION)
/* Before it is written again, if it was not there. */
#define AGAIN_MS (900ul * ACCELERATION)
/* It is seen from tick to tick. */
#define CLOSE_MS 8

static uint8_t registers[REGISTERS];
static bool is_busy;
static bool is_writing;
static bool must_write;
static bool is_present;
static bool is_looking = true;
static bool has_seen;
static uint32_t seen_s;
static uint32_t since_ms;

static uint8_t from_bcd(uint8_t bcd)
{
    return (bcd >> 4) * 10u + (bcd & 0x0F);
}

static uint8_t to_bcd(uint8_t value)
{
    return value / 10u << 4 | value % 10u;
}

static bool parse(uint32_t *utc_s)
{
    const struct date date = {
        from_bcd(registers[0]), from_bcd(registers[1]), from_bcd(registers[2]),
        from_bcd(registers[4]), from_bcd(registers[MONTH]), from_bcd(registers[6]),
    };

    if ((registers[STATUS] & OSCILLATOR_STOPPED) || (registers[2] & TWELVE_HOURS)
        || !calendar_is_date(&date))
        return false;
    *utc_s = calendar_utc(&date);
    return true;
}

static void begin_to_write(void)
{
    struct date date = calendar_date(clock_now()->utc_s);

    for (uint8_t i = 0; i < REGISTERS; i++)
        registers[i] = 0;
    registers[0] = to_bcd(date.second);
    registers[1] = to_bcd(date.minute);
    registers[2] = to_bcd(date.hour);
    registers[3] = 1; /* the day of the week, which nobody reads */
    registers[4] = to_bcd(date.day);
    registers[MONTH] = to_bcd(date.month);
    registers[6] = to_bcd(date.year);
    registers[CONTROL] = CONTROL_PLAIN;
    is_writing = is_busy = true;
    twi_begin(false, DEVICE, 0, registers, REGISTERS);
}

static void begin_to_read(void)
{
    is_writing = false;
    is_busy = true;
    twi_begin(true, DEVICE, 0, registers, REGISTERS);
}

static void rest(bool present)
{
    is_present = present;
    is_looking = false;
    since_ms = tick_uptime_ms();
}

static bool is_close(uint32_t utc_s)
{
    const struct clock *now = clock_now();
    int32_t ahead_ms = (int32_t)(now->utc_s - utc_s) * 1000 + now->ms;

    return now->utc_s - utc_s + 1 <= 2 && ahead_ms <= CLOSE_MS && ahead_ms >= -CLOSE_MS;
}

/* A second has begun just now. */
static bool take(uint32_t utc_s)
{
    rest(true);
    if (is_close(utc_s) && clock_now()->source == CLOCK_RTC)
        return false;
    clock_set(utc_s, 0, CLOCK_RTC);
    return true;
}

static bool look(void)
{
    uint32_t utc_s;

    if (!parse(&utc_s)) {
        /* Its battery was changed, say: it gets the time that is known. */
        must_write = clock_is_known();
        rest(false);
        return false;
    }
    if (must_write) {
        rest(true);
        return false;
    }
    if (has_seen && utc_s != seen_s)
        return take(utc_s);
    if (tick_uptime_ms() - since_ms > LOOK_MS) {
        rest(false);
        return false;
    }
    has_seen = true;
    seen_s = utc_s;
    if (clock_is_known())
        return false;
    is_present = true;
    clock_set(utc_s, 0, CLOCK_RTC);
    return true;
}

static bool end(bool is_done)
{
    is_busy = false;
    if (!is_done) {
        rest(false);
        return false;
    }
    if (!is_writing)
        return look();
    must_write = false;
    rest(true);
    return false;
}

static bool can_keep(uint32_t utc_s)
{
    return utc_s >= CALENDAR_FIRST_UTC_S && utc_s <= CALENDAR_LAST_UTC_S;
}

bool rtc_turn(bool has_ticked)
{
    enum twi_state state = twi_turn(has_ticked);

    if (state == TWI_DONE || state == TWI_FAILED)
        return end(state == TWI_DONE);
    if (state == TWI_BUSY || !has_ticked)
        return false;
    if (must_write) {
        if (clock_now()->ms < TICK_MS && can_keep(clock_now()->utc_s)
            && (is_present || tick_uptime_ms() - since_ms >= AGAIN_MS))
            begin_to_write();
        return false;
    }
    if (!is_looking && tick_uptime_ms() - since_ms >= LOOK_EVERY_MS) {
        is_looking = true;
        has_seen = false;
        since_ms = tick_uptime_ms();
    }
    if (is_looking)
        begin_to_read();
    return false;
}

void rtc_follow(void)
{
    must_write = true;
}

bool rtc_is_present(void)
{
    return is_present;
}

bool rtc_is_busy(void)
{
    return is_busy;
}
