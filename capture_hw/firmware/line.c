#include "line.h"

#include <stddef.h>

#include "crc.h"
#include "uart.h"

/* Way, number and blank; `*` and CRC. */
#define BEFORE_TEXT 4u
#define BEHIND_TEXT 5u
#define SHORTEST (BEFORE_TEXT + 1 + BEHIND_TEXT)

static char line[MOST_LINE];
static uint8_t length;
static bool is_too_long;
static uint16_t bad;
static uint16_t sending_crc;
static uint16_t said_crc;

static int8_t digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static char digit_of(uint8_t value)
{
    return value < 10 ? '0' + value : 'A' + value - 10;
}

static bool parse_hex(const char *digits, uint8_t count, uint16_t *value)
{
    *value = 0;
    while (count--) {
        int8_t digit = digit_value(*digits++);

        if (digit < 0)
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

/* Words of printable ASCII without `*`, with single blanks between. */
static bool is_text(const char *text, uint8_t count)
{
    char before = ' ';

    for (; count; count--) {
        char character = *text++;

        if (character < ' ' || character > '~' || character == '*')
            return false;
        if (character == ' ' && before == ' ')
            return false;
        before = character;
    }
    return before != ' ';
}

/* Return whether the line has the form and the CRC of one. */
static bool parse(uint16_t *number, uint16_t *crc)
{
    uint8_t text_length = length - BEFORE_TEXT - BEHIND_TEXT;

    if (length < SHORTEST || (line[0] != '>' && line[0] != '<') || line[3] != ' ')
        return false;
    if (line[length - BEHIND_TEXT] != '*' || !parse_hex(&line[1], 2, number)
        || !parse_hex(&line[length - BEHIND_TEXT + 1], 4, crc))
        return false;
    return is_text(&line[BEFORE_TEXT], text_length) && *crc == crc_of(line, length - BEHIND_TEXT);
}

/* A line has ended. Return its text if it is for the panel. */
static char *end_line(uint8_t *number)
{
    uint16_t parsed_number, crc;

    if (length && line[length - 1] == '\r')
        length--;
    if (!length)
        return NULL;
    if (length >= MOST_LINE || !parse(&parsed_number, &crc)) {
        bad++;
        return NULL;
    }
    if (line[0] == '<') {
        /* On a line that echoes, what the panel said last comes back; anything else is another
         * panel's. */
        if (crc != said_crc)
            bad++;
        return NULL;
    }
    *number = parsed_number;
    line[length - BEHIND_TEXT] = '\0';
    return &line[BEFORE_TEXT];
}

char *line_receive(uint8_t *number)
{
    uint8_t byte;

    for (uint8_t taken = 0; taken < UART_BUFFER && uart_take(&byte); taken++) {
        if (byte != '\n') {
            if (length < MOST_LINE)
                line[length++] = byte;
            else if (!is_too_long) {
                is_too_long = true;
                bad++;
            }
            continue;
        }
        char *text = is_too_long ? NULL : end_line(number);

        length = 0;
        is_too_long = false;
        if (text)
            return text;
    }
    return NULL;
}

uint16_t line_bad(void)
{
    return bad;
}

bool line_can_send(void)
{
    return uart_room() >= MOST_LINE;
}

void line_put(char character)
{
    sending_crc = crc_of_byte(sending_crc, character);
    uart_put(character);
}

void line_begin(uint8_t number)
{
    sending_crc = CRC_START;
    line_put('<');
    line_put(digit_of(number >> 4));
    line_put(digit_of(number & 0x0F));
}

void line_end(void)
{
    said_crc = sending_crc;
    uart_put('*');
    for (uint8_t shift = 16; shift; shift -= 4)
        uart_put(digit_of(said_crc >> (shift - 4) & 0x0F));
    uart_put('\n');
}
