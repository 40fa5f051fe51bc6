/* The committed program: in RAM to run, in one of two EEPROM banks to stay. */
#ifndef BANK_H
#define BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "outcome.h"
#include "program.h"

/* Load the bank with the newest whole header; there is no program if that bank is not whole. EEPROM
 * must be idle. */
void bank_load(void);

/* Borrow the committed program; NULL if there is none. */
const struct program *bank_program(void);

/* The same, after a look whether it is still what was committed: if not, it is loaded again. NULL
 * also while that has to wait for EEPROM. */
const struct program *bank_mend(void);

/* Of the committed program; 0 without one. */
uint16_t bank_crc(void);
uint16_t bank_generation(void);

/* Begin to write a program, borrowed until it ends, into the other bank. The running program stays
 * until the new one is read back. BUSY if EEPROM is. */
enum outcome bank_commit(const struct program *program);

/* Go on with the commit; LATER until it has ended, then CONFIRM or STORAGE. Otherwise mend once a
 * second, also while no light is due. */
enum outcome bank_turn(void);

#endif
