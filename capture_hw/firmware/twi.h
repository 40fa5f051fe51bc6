/* The I2C bus of the real-time clock: one transfer at a time, never waited for. */
#ifndef TWI_H
#define TWI_H

#include <stdbool.h>
#include <stdint.h>

enum twi_state { TWI_IDLE, TWI_BUSY, TWI_DONE, TWI_FAILED };

/* Begin to read or write registers of a device, from `first` on. The bytes are borrowed until the
 * transfer has ended. After a failure the bus is freed first, which takes 0.2 ms. */
void twi_begin(bool is_reading, uint8_t device, uint8_t first, uint8_t *bytes, uint8_t length);

/* Go on as far as the bus is; give up after a few ticks. DONE and FAILED are said once. */
enum twi_state twi_turn(bool has_ticked);

#endif
