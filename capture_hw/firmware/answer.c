#include "answer.h"

#include <avr/pgmspace.h>
#include <stdlib.h>

#include "line.h"

static void put_text(const char *text)
{
    while (*text)
        line_put(*text++);
}

void answer_word(const char *word)
{
    char character;

    line_put(' ');
    while ((character = pgm_read_byte(word++)))
        line_put(character);
}

void answer_text(const char *word)
{
    line_put(' ');
    put_text(word);
}

void answer_number(uint32_t value)
{
    char digits[11];

    answer_text(ultoa(value, digits, 10));
}

void answer_signed(int16_t value)
{
    char digits[7];

    answer_text(itoa(value, digits, 10));
}

void answer_hex(uint16_t value)
{
    line_put(' ');
    for (uint8_t shift = 16; shift; shift -= 4) {
        uint8_t digit = value >> (shift - 4) & 0x0F;

        line_put(digit < 10 ? '0' + digit : 'A' + digit - 10);
    }
}

void answer_none(void)
{
    answer_word(PSTR("-"));
}
