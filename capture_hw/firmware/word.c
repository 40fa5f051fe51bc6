#include "word.h"

#include <string.h>

#define DECIMAL 10u

uint8_t word_split(char *text, char *words[MOST_WORDS])
{
    uint8_t count = 0;

    for (;;) {
        if (count == MOST_WORDS)
            return MOST_WORDS + 1;
        words[count++] = text;
        text = strchr(text, ' ');
        if (!text)
            return count;
        *text++ = '\0';
    }
}

/* 0, or digits without a leading zero, of which the first may follow a minus. */
static bool is_integer(const char *word)
{
    if (!strcmp(word, "0"))
        return true;
    if (*word == '-')
        word++;
    if (*word < '1' || *word > '9')
        return false;
    while (*word >= '0' && *word <= '9')
        word++;
    return !*word;
}

static bool is_within(const char *word, const struct limit *limit, uint32_t *value)
{
    bool is_negative = *word == '-';
    uint32_t size = 0;

    for (word += is_negative; *word; word++) {
        uint8_t digit = *word - '0';

        if (size > (UINT32_MAX - digit) / DECIMAL)
            return false;
        size = size * DECIMAL + digit;
    }
    *value = is_negative ? -size : size;
    if (is_negative)
        return limit->least < 0 && size <= -(uint32_t)limit->least;
    return size <= limit->most && (limit->least <= 0 || size >= (uint32_t)limit->least);
}

enum outcome word_numbers(char *const words[], uint8_t count, const struct limit limits[],
                          uint32_t values[])
{
    for (uint8_t i = 0; i < count; i++)
        if (!is_integer(words[i]))
            return ERROR_ARGUMENTS;
    for (uint8_t i = 0; i < count; i++)
        if (!is_within(words[i], &limits[i], &values[i]))
            return ERROR_RANGE;
    return DONE;
}

enum outcome word_crc(const char *word, uint16_t *crc)
{
    *crc = 0;
    if (strlen(word) != 4)
        return ERROR_ARGUMENTS;
    for (; *word; word++) {
        if (*word >= '0' && *word <= '9')
            *crc = *crc << 4 | (*word - '0');
        else if (*word >= 'A' && *word <= 'F')
            *crc = *crc << 4 | (*word - 'A' + DECIMAL);
        else
            return ERROR_ARGUMENTS;
    }
    return DONE;
}

bool word_is_none(const char *word)
{
    return !strcmp(word, "-");
}
