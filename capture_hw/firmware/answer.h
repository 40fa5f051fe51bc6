/* Words of an answer, each with a blank before it. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdint.h>

/* The word is in program memory: PSTR("..."). */
void answer_word(const char *word);
/* The word is in RAM. */
void answer_text(const char *word);
void answer_number(uint32_t value);
void answer_signed(int16_t value);
/* Four hexadecimal digits. */
void answer_hex(uint16_t value);
/* `-` for none. */
void answer_none(void);

#endif
