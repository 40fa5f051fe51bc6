/* The two lamps' outputs: PB1 infrared, PB2 white, 10-bit PWM at 1953 Hz. */
#ifndef LAMP_H
#define LAMP_H

#include <stdint.h>

/* Infrared full, white off: what the pull resistors give while the controller is in reset. */
void lamp_begin(void);

/* Set a level, 0 to 1000 per mille; infrared light is never set below its floor. */
void lamp_set_ir(uint16_t level);
void lamp_set_white(uint16_t level);

#endif
