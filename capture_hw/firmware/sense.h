/* The light sensors: A0 white, A1 infrared, 10 bits, means of 16 readings. */
#ifndef SENSE_H
#define SENSE_H

#include <stdint.h>

/* Switch the converter on. */
void sense_begin(void);

/* Take a reading that is done, begin the next; once a tick. A mean is 256 ms old at most when the
 * next one replaces it. */
void sense_turn(void);

/* Return the raw mean, 0 to 1023. */
uint16_t sense_white(void);
uint16_t sense_ir(void);

/* Return a raw reading in per mille of what was read at full light. */
uint16_t sense_permille(uint16_t raw, uint16_t full);

#endif
