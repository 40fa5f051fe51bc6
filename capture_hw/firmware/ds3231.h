/* The registers of a DS3231: the time, and the signature of the panel that has set it. */
#ifndef DS3231_H
#define DS3231_H

#include <stdbool.h>
#include <stdint.h>

#define DS3231_ADDRESS 0xD0u
#define DS3231_REGISTERS 16u

/* Return whether it can keep a second: no year after 2099, and none that was over when this
 * firmware was written: then who set it did not know the time. */
bool ds3231_can_keep(uint32_t utc_s);

/* Fill all registers: running, at a second that it can keep, signed by this panel. */
void ds3231_fill(uint8_t *registers, uint32_t utc_s);

/* Set the second that they show; false if the clock has stood still, if another panel or nobody
 * has set it, or if they show nothing that it can keep. */
bool ds3231_parse(const uint8_t *registers, uint32_t *utc_s);

#endif
