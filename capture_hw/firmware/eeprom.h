/* EEPROM: where everything is kept, and writing without waiting (a byte takes 3.4 ms). */
#ifndef EEPROM_H
#define EEPROM_H

#include <stdbool.h>
#include <stdint.h>

/* Address 0 stays unused: it is what a failing supply hits first. Source: Atmel AVR180. */
#define EEPROM_SETTINGS 8u
#define EEPROM_SETTINGS_SIZE 16u
#define EEPROM_COUNTS 40u
#define EEPROM_COUNT_PLACES 24u
#define EEPROM_BANKS 138u
#define EEPROM_BANK_SIZE 442u

/* Read now. Only while nothing is written: call `eeprom_is_idle` before. */
void eeprom_read(uint16_t address, void *bytes, uint16_t length);

/* Begin to write in the background; false if another write is not done yet. The bytes are borrowed
 * until `eeprom_is_idle`. Bytes that are there already are not written. */
bool eeprom_write(uint16_t address, const void *bytes, uint16_t length);

/* Return whether all that was written is there. */
bool eeprom_is_idle(void);

/* Return whether EEPROM holds these bytes. Only while idle. */
bool eeprom_holds(uint16_t address, const void *bytes, uint16_t length);

/* Return whether `eeprom_turn` could do something now. */
bool eeprom_can_go_on(void);

/* Go on writing: one byte at most is begun. */
void eeprom_turn(void);

#endif
