#include "rtc.h"

#include <stdint.h>

#include "clock.h"
#include "ds3231.h"
#include "tick.h"
#include "twi.h"

/* A resonator of 0.5 % is 80 ms wrong then. */
#define LOOK_EVERY_MS (16000ul * ACCELERATION)
/* A second begins twice: a damaged reading may hide one beginning. */
#define LOOK_MS (2300ul * ACCELERATION)
/* Before it is written again, or looked at again while the time is unknown. */
#define AGAIN_MS (900ul * ACCELERATION)
/* It is seen from tick to tick. */
#define CLOSE_MS 8
/* Between two readings; less than a second unless a test lets time run faster. */
#define STEP_S (3ul * TICK_MS / 1000u)
/* What is further off must be seen in two looks. */
#define DOUBTFUL_S (1u + STEP_S)

static uint8_t registers[DS3231_REGISTERS];
static bool is_busy;
static bool is_writing;
static bool must_write;
static bool is_outdated; /* what was written: the clock was set again meanwhile */
static bool must_read_back;
static bool is_present;
static bool is_looking = true;
static bool has_seen;
static uint32_t seen_s;
static bool has_doubt;
static uint32_t doubted_s; /* ahead of the clock, modulo 2^32 */
static uint32_t since_ms;

static void begin_to_write(void)
{
    ds3231_fill(registers, clock_now()->utc_s);
    is_outdated = false;
    is_writing = is_busy = true;
    twi_begin(false, DS3231_ADDRESS, 0, registers, DS3231_REGISTERS);
}

static void begin_to_read(void)
{
    is_writing = false;
    is_busy = true;
    twi_begin(true, DS3231_ADDRESS, 0, registers, DS3231_REGISTERS);
}

static void begin_to_look(void)
{
    is_looking = true;
    has_seen = false;
    since_ms = tick_uptime_ms();
}

static void rest(bool present)
{
    is_present = present;
    is_looking = false;
    has_doubt = false;
    since_ms = tick_uptime_ms();
}

static bool is_close(uint32_t utc_s)
{
    const struct clock *now = clock_now();
    int32_t ahead_ms = (int32_t)(now->utc_s - utc_s) * 1000 + now->ms;

    return now->utc_s - utc_s + 1 <= 2 && ahead_ms <= CLOSE_MS && ahead_ms >= -CLOSE_MS;
}

/* The bus has no check of its own, and neither crystal is wrong by so much in 16 s. */
static bool is_doubtful(uint32_t ahead_s)
{
    if (!clock_is_known() || ahead_s + DOUBTFUL_S <= 2u * DOUBTFUL_S)
        return false;
    return !has_doubt || ahead_s - doubted_s + 1u + STEP_S > 2u * (1u + STEP_S);
}

/* A second has begun just now. */
static bool take(uint32_t utc_s)
{
    uint32_t ahead_s = utc_s - clock_now()->utc_s;

    if (is_doubtful(ahead_s)) {
        begin_to_look();
        has_doubt = true;
        doubted_s = ahead_s;
        return false;
    }
    rest(true);
    if (is_close(utc_s) && clock_now()->source == CLOCK_RTC)
        return false;
    clock_set(utc_s, 0, CLOCK_RTC);
    return true;
}

static void read_back(bool is_time, uint32_t utc_s)
{
    bool is_right = is_time && clock_now()->utc_s - utc_s <= STEP_S;

    must_read_back = false;
    must_write = !is_right;
    rest(is_right);
}

static bool look(void)
{
    uint32_t utc_s = 0;
    bool is_time = ds3231_parse(registers, &utc_s);

    if (must_read_back) {
        read_back(is_time, utc_s);
        return false;
    }
    if (!is_time) {
        /* Its battery was changed, say: it gets the time that is known. */
        must_write = clock_is_known();
        rest(false);
        return false;
    }
    if (must_write) {
        rest(true);
        return false;
    }
    /* Not believed before its next second begins, also by a panel without time: it may stand
     * still, and a reading may be damaged. */
    if (has_seen && utc_s - seen_s - 1u <= STEP_S)
        return take(utc_s);
    if (tick_uptime_ms() - since_ms > LOOK_MS) {
        rest(false);
        return false;
    }
    has_seen = true;
    seen_s = utc_s;
    return false;
}

static bool end(bool is_done)
{
    is_busy = false;
    if (!is_done) {
        must_read_back = false;
        rest(false);
        return false;
    }
    if (!is_writing)
        return look();
    must_read_back = !is_outdated;
    return false;
}

static void write_when_due(void)
{
    if (clock_now()->ms < TICK_MS && ds3231_can_keep(clock_now()->utc_s)
        && (is_present || tick_uptime_ms() - since_ms >= AGAIN_MS))
        begin_to_write();
}

void rtc_begin(void)
{
    must_write = clock_now()->source == CLOCK_HOST;
}

bool rtc_turn(bool has_ticked)
{
    enum twi_state state = twi_turn(has_ticked);

    if (state == TWI_DONE || state == TWI_FAILED)
        return end(state == TWI_DONE);
    if (state == TWI_BUSY || !has_ticked)
        return false;
    if (must_write && !must_read_back && clock_is_known()) {
        write_when_due();
        return false;
    }
    if (!is_looking
        && tick_uptime_ms() - since_ms >= (clock_is_known() ? LOOK_EVERY_MS : AGAIN_MS))
        begin_to_look();
    if (is_looking || must_read_back)
        begin_to_read();
    return false;
}

void rtc_follow(void)
{
    is_outdated = true;
    must_read_back = false;
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
