/* How long the turns of the main loop are. */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

/* Note the length of a turn. */
void loop_note(uint32_t us);

/* Return the longest turn since the start, to 64 microseconds. */
uint32_t loop_longest_us(void);

#endif
