/* Commands of the host: which words do what, and what is answered. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "outcome.h"

/* Take at most one command from the line and answer it, if there is room for an answer. Return
 * whether there was one: light may have to follow. */
bool command_turn(void);

/* Tell how writing to EEPROM has ended, for which a command waits; LATER if it has not. Return
 * whether a command was answered. */
bool command_finish(enum outcome outcome);

/* Let the host's silence grow. */
void command_advance(uint32_t ms);

/* Begin the answer to the command at hand with its verb; its words follow. */
void command_answer(void);

/* For `counters`: the silence before the command at hand, and how many valid ones there were. */
uint32_t command_silence_ms(void);
uint16_t command_count(void);

#endif
