/* Light that somebody asked for, for a limited time, counted in uptime. Any reset ends it. */
#ifndef OVERRIDE_H
#define OVERRIDE_H

#include <stdbool.h>
#include <stdint.h>

#define LONGEST_WHITE_MS 3600000ul
#define LONGEST_IR_MS 2000ul

enum lamp { WHITE, IR, LAMPS };

/* Give other light for a time, in place of an earlier override of that lamp. The caller keeps the
 * limits; what is over them is cut to them here as well. */
void override_begin(enum lamp lamp, uint16_t level, uint32_t for_ms);

/* End all. None is no error. */
void override_end(void);

/* Let time pass. */
void override_advance(uint32_t ms);

/* Return what remains of a lamp's override, 0 if there is none. */
uint32_t override_left_ms(enum lamp lamp);

/* Return the lamp's level, where `level` is what it would have without an override. */
uint16_t override_level(enum lamp lamp, uint16_t level);

#endif
