/* Why the controller started, and how often it ever did. */
#ifndef RESET_H
#define RESET_H

#include <stdint.h>

enum reset_cause { RESET_POWER, RESET_EXTERNAL, RESET_BROWNOUT, RESET_WATCHDOG };

/* Return the cause of this start, which was noted before anything else ran. A start without a cause
 * (a bootloader has taken it) counts as power: then nothing in memory is trusted. */
enum reset_cause reset_cause(void);

/* Count this start; it is written to EEPROM by `reset_turn`. EEPROM must be idle. */
void reset_begin(void);

/* Write the count when EEPROM is free. */
void reset_turn(void);

/* Return the number of starts ever, modulo 65,536. */
uint16_t reset_count(void);

#endif
