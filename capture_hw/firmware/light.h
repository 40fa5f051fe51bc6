/* Which light there must be now: by the program, the clock and the overrides. */
#ifndef LIGHT_H
#define LIGHT_H

#include <stdbool.h>
#include <stdint.h>

/* Look again at what the program gives, then set the lamps. Call it whenever a tick has passed or
 * anything it depends on has changed; the program is asked once a second, or when told so. */
void light_turn(bool has_changed);

/* Return what the lamps are set to, per mille, overrides included. */
uint16_t light_white(void);
uint16_t light_ir(void);

/* Return whether it is light by the program alone; an unknown time is dark. */
bool light_is_light_phase(void);

#endif
