/* The committed program: in RAM to run, in one of two EEPROM banks to stay. */
#ifndef BANK_H
#define BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "outcome.h"
#include "program.h"

/* Load the valid bank with the higher generation, if there is one. EEPROM must be idle. */
void bank_load(void);

/* Borrow the committed program; NULL if there is none. */
const struct program *bank_program(void);

/* Of the committed program; 0 without one. */
uint16_t bank_crc(void);
uint16_t bank_generation(void);

/* Begin to write a program, borrowed until it ends, into the other bank. The running program stays
 * until the new one is read back. BUSY if EEPROM is. */
enum outcome bank_commit(const struct program *program);

/* Go on with the commit; LATER until it has ended, then CONFIRM or STORAGE. Once a second, look
 * whether the program in RAM is still what was committed, and load it again if not. */
enum outcome bank_turn(void);

#endif
