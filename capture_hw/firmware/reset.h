/* Why the controller started, and how often it ever did. */
#ifndef RESET_H
#define RESET_H

#include <stdbool.h>
#include <stdint.h>

enum reset_cause { RESET_POWER, RESET_EXTERNAL, RESET_BROWNOUT, RESET_WATCHDOG };

/* Return the cause of this start, which was noted before anything else ran. A start without a cause
 * (a bootloader has taken it) counts as power: then nothing in memory is trusted. */
enum reset_cause reset_cause(void);

/* Return whether it is known how long the controller stood still; a failing supply may last hours
 * while memory stays. */
bool reset_keeps_time(void);

/* Count this start; EEPROM must be idle. Memory keeps the count over resets, `reset_turn` over power
 * cuts. */
void reset_begin(void);

/* Write the count when it has run for a second and EEPROM is free: a controller that starts over
 * and over must not wear EEPROM out. */
void reset_turn(void);

/* Return the number of starts ever, modulo 65,536. */
uint16_t reset_count(void);

#endif
