/* The time: seconds since 1970 in UTC, kept over a reset whose length is known. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum clock_source { CLOCK_NONE, CLOCK_HOST, CLOCK_RTC };

struct clock {
    uint32_t utc_s;
    uint16_t ms;
    int16_t offset_min; /* for people; it changes no light */
    uint8_t source;
};

/* Take up the time that memory holds, if it is whole; `lost_ms` passed since then. Without
 * `is_kept` the time is unknown. */
void clock_begin(bool is_kept, uint32_t lost_ms);

/* Let time pass, faster or slower by the trim. Nothing while the time is unknown. */
void clock_advance(uint16_t ms, int16_t trim_ppm);

/* Set the time, from now on known. */
void clock_set(uint32_t utc_s, uint16_t ms, enum clock_source source);

/* Set the offset of the facility's standard time from UTC. */
void clock_set_offset(int16_t offset_min);

/* Return whether the time is known. */
bool clock_is_known(void);

/* Borrow the time; only its source counts while it is unknown. */
const struct clock *clock_now(void);

#endif
