/* The beat: Timer2 ends a tick every 8 ms, and uptime counts them. */
#ifndef TICK_H
#define TICK_H

#include <stdbool.h>
#include <stdint.h>

/* Tests let a tick stand for longer, so that a month passes in minutes: uptime, clock, overrides
 * and the host's silence then all run so many times faster; line, EEPROM and sensors do not. */
#ifndef ACCELERATION
#define ACCELERATION 1
#endif
#define TICK_MS (8u * ACCELERATION)

/* Start Timer2. */
void tick_begin(void);

/* Return whether a tick has ended since the last call that said so; one at a time, none is lost. */
bool tick_take(void);

/* Return whether `tick_take` would say yes. */
bool tick_is_pending(void);

/* Return the time since the start, modulo 2^32; it counts the ticks that were taken. */
uint32_t tick_uptime_ms(void);

/* Return microseconds for measuring short durations, modulo 2^32, in steps of 64. Not accelerated. */
uint32_t tick_us(void);

#endif
