#include "command.h"

#include <avr/pgmspace.h>
#include <string.h>

#include "answer.h"
#include "line.h"
#include "order.h"
#include "question.h"
#include "word.h"

/* The longest of them is `calibrate 1023 1023`. */
#define MOST_LATER 24u
#define ANY_NUMBER 0xFFu

struct verb {
    char name[11];
    uint8_t arguments;
    bool waits_for_memory; /* refused while something is being written */
    enum outcome (*act)(char *const words[], uint8_t count);
};

static const struct verb verbs[] PROGMEM = {
    {"identify", 0, false, question_identify},
    {"limits", 0, false, question_limits},
    {"uptime", 0, false, question_uptime},
    {"state", 0, false, question_state},
    {"clock", 0, false, question_clock},
    {"counters", 0, false, question_counters},
    {"program", 0, false, question_program},
    {"era", 1, false, question_era},
    {"span", 1, false, question_span},
    {"sense", 0, false, question_sense},
    {"heartbeat", 0, false, order_heartbeat},
    {"time", 3, false, order_time},
    {"override", ANY_NUMBER, false, order_override},
    {"begin", 1, true, order_begin},
    {"stage-era", 4, true, order_stage_era},
    {"stage-span", 3, true, order_stage_span},
    {"verify", 0, true, order_verify},
    {"commit", 1, true, order_commit},
    {"trim", 1, true, order_trim},
    {"calibrate", 2, true, order_calibrate},
};

static const char codes[][10] PROGMEM = {
    "verb", "arguments", "range", "order", "crc", "busy", "storage",
};

static char *words[MOST_WORDS];
static uint8_t word_count;
static uint8_t number;
static struct {
    bool is_waiting;
    uint8_t number;
    char text[MOST_LATER];
} later;
static uint32_t silence_ms;
static uint32_t silence_before_ms;
static uint16_t count;

void command_answer(void)
{
    line_begin(number);
    answer_text(words[0]);
}

static void answer_error(uint8_t to, enum outcome error)
{
    line_begin(to);
    answer_word(PSTR("error"));
    answer_word(codes[error - ERROR_VERB]);
    line_end();
}

static void confirm(void)
{
    command_answer();
    for (uint8_t i = 1; i < word_count; i++)
        answer_text(words[i]);
    line_end();
}

static void remember(void)
{
    later.is_waiting = true;
    later.number = number;
    strlcpy(later.text, words[0], sizeof later.text);
    for (uint8_t i = 1; i < word_count; i++) {
        strlcat(later.text, " ", sizeof later.text);
        strlcat(later.text, words[i], sizeof later.text);
    }
}

static enum outcome act(void)
{
    struct verb verb;

    for (uint8_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        memcpy_P(&verb, &verbs[i], sizeof verb);
        if (strcmp(verb.name, words[0]))
            continue;
        if (verb.arguments != ANY_NUMBER && verb.arguments != word_count - 1)
            return ERROR_ARGUMENTS;
        if (verb.waits_for_memory && later.is_waiting)
            return ERROR_BUSY;
        return verb.act(&words[1], word_count - 1);
    }
    return ERROR_VERB;
}

bool command_turn(void)
{
    char *text;
    enum outcome outcome;

    if (!line_can_send() || !(text = line_receive(&number)))
        return false;
    silence_before_ms = silence_ms;
    silence_ms = 0;
    count++;
    word_count = word_split(text, words);
    outcome = act();
    if (outcome == DONE)
        line_end();
    else if (outcome == CONFIRM)
        confirm();
    else if (outcome == LATER)
        remember();
    else
        answer_error(number, outcome);
    return true;
}

bool command_finish(enum outcome outcome)
{
    if (outcome == LATER || !later.is_waiting)
        return false;
    later.is_waiting = false;
    /* The host's other questions leave room for this answer: none is taken without room, and this
     * one comes first. If they have just filled it, the host asks again, which writes nothing. */
    if (!line_can_send())
        return true;
    if (outcome == CONFIRM) {
        line_begin(later.number);
        answer_text(later.text);
        line_end();
    } else {
        answer_error(later.number, outcome);
    }
    return true;
}

void command_advance(uint32_t ms)
{
    silence_ms = silence_ms > UINT32_MAX - ms ? UINT32_MAX : silence_ms + ms;
}

uint32_t command_silence_ms(void)
{
    return silence_before_ms;
}

uint16_t command_count(void)
{
    return count;
}
