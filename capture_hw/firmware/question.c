#include "question.h"

#include <avr/pgmspace.h>
#include <stddef.h>

#include "answer.h"
#include "bank.h"
#include "clock.h"
#include "command.h"
#include "light.h"
#include "line.h"
#include "loop.h"
#include "override.h"
#include "reset.h"
#include "rtc.h"
#include "sense.h"
#include "serial_number.h"
#include "setting.h"
#include "tick.h"
#include "uart.h"
#include "word.h"

#define MODEL "etho-panel-328p"
#define FIRMWARE "1.0"
#define PROTOCOL 1u
#define UNUSED __attribute__((unused))

enum outcome question_identify(char *const words[] UNUSED, uint8_t count UNUSED)
{
    command_answer();
    answer_word(PSTR(MODEL));
    answer_word(PSTR(FIRMWARE));
    answer_word(PSTR(SERIAL_NUMBER));
    answer_number(PROTOCOL);
    return DONE;
}

enum outcome question_limits(char *const words[] UNUSED, uint8_t count UNUSED)
{
    command_answer();
    answer_number(IR_FLOOR);
    answer_number(LONGEST_WHITE_MS / 1000u);
    answer_number(MOST_ERAS);
    answer_number(MOST_SPANS);
    answer_word(rtc_is_present() ? PSTR("rtc") : PSTR("-"));
    return DONE;
}

static const char *cause_word(void)
{
    switch (reset_cause()) {
    case RESET_WATCHDOG:
        return PSTR("watchdog");
    case RESET_BROWNOUT:
        return PSTR("brownout");
    case RESET_EXTERNAL:
        return PSTR("external");
    default:
        return PSTR("power");
    }
}

enum outcome question_uptime(char *const words[] UNUSED, uint8_t count UNUSED)
{
    command_answer();
    answer_number(tick_uptime_ms());
    answer_number(reset_count());
    answer_word(cause_word());
    return DONE;
}

static void answer_measured(uint16_t raw, uint16_t full)
{
    if (full)
        answer_number(sense_permille(raw, full));
    else
        answer_none();
}

static void put_number(uint32_t value)
{
    char digits[11];
    uint8_t i = sizeof digits;

    do
        digits[--i] = '0' + value % 10u;
    while (value /= 10u);
    while (i < sizeof digits)
        line_put(digits[i++]);
}

/* `LAMP:LEVEL:MS` of what runs, joined by `,`. */
static void answer_overrides(void)
{
    char before = ' ';

    for (uint8_t lamp = 0; lamp < LAMPS; lamp++) {
        const char *name = lamp == WHITE ? "white" : "ir";
        uint32_t left_ms = override_left_ms(lamp);

        if (!left_ms)
            continue;
        line_put(before);
        while (*name)
            line_put(*name++);
        line_put(':');
        put_number(override_level(lamp, 0));
        line_put(':');
        put_number(left_ms);
        before = ',';
    }
    if (before == ' ')
        answer_none();
}

enum outcome question_state(char *const words[] UNUSED, uint8_t count UNUSED)
{
    command_answer();
    answer_word(light_is_light_phase() ? PSTR("light") : PSTR("dark"));
    answer_number(light_white());
    answer_measured(sense_white(), setting_now()->white_full);
    answer_number(light_ir());
    answer_measured(sense_ir(), setting_now()->ir_full);
    if (bank_program())
        answer_hex(bank_crc());
    else
        answer_none();
    answer_overrides();
    return DONE;
}

enum outcome question_clock(char *const words[] UNUSED, uint8_t count UNUSED)
{
    const struct clock *now = clock_now();
    uint32_t change_s;

    command_answer();
    if (!clock_is_known()) {
        answer_word(PSTR("- 0 0 none -"));
        return DONE;
    }
    answer_number(now->utc_s);
    answer_number(now->ms);
    answer_signed(now->offset_min);
    answer_word(now->source == CLOCK_RTC ? PSTR("rtc") : PSTR("host"));
    if (bank_program() && program_next_change(bank_program(), now->utc_s, &change_s))
        answer_number(change_s);
    else
        answer_none();
    return DONE;
}

enum outcome question_counters(char *const words[] UNUSED, uint8_t count UNUSED)
{
    command_answer();
    answer_number(command_silence_ms());
    answer_number(command_count());
    answer_number(line_bad());
    answer_number(uart_lost());
    answer_number(loop_longest_us());
    return DONE;
}

enum outcome question_program(char *const words[] UNUSED, uint8_t count UNUSED)
{
    const struct program *program = bank_program();

    command_answer();
    if (!program) {
        answer_word(PSTR("- 0 0 - 0"));
        return DONE;
    }
    answer_number(program->ir);
    answer_number(program->era_count);
    answer_number(program->span_count);
    answer_hex(bank_crc());
    answer_number(bank_generation());
    return DONE;
}

/* Parse a number below `count`. */
static enum outcome parse_index(char *const words[], uint8_t count, uint32_t *index)
{
    const struct limit limit = {0, UINT32_MAX};
    enum outcome outcome = word_numbers(words, 1, &limit, index);

    return outcome == DONE && *index >= count ? ERROR_RANGE : outcome;
}

enum outcome question_era(char *const words[], uint8_t count UNUSED)
{
    const struct program *program = bank_program();
    uint32_t index;
    enum outcome outcome = parse_index(words, program ? program->era_count : 0, &index);

    if (outcome != DONE)
        return outcome;
    command_answer();
    answer_number(index);
    answer_number(program->eras[index].from);
    answer_number(program->eras[index].zero);
    answer_number(program->eras[index].cycle);
    answer_number(program->eras[index].span_count);
    return DONE;
}

enum outcome question_span(char *const words[], uint8_t count UNUSED)
{
    const struct program *program = bank_program();
    uint32_t index;
    enum outcome outcome = parse_index(words, program ? program->span_count : 0, &index);

    if (outcome != DONE)
        return outcome;
    command_answer();
    answer_number(index);
    answer_number(program->spans[index].start);
    answer_number(program->spans[index].from);
    answer_number(program->spans[index].to);
    return DONE;
}

static void answer_full(uint16_t full)
{
    if (full)
        answer_number(full);
    else
        answer_none();
}

enum outcome question_sense(char *const words[] UNUSED, uint8_t count UNUSED)
{
    command_answer();
    answer_number(sense_white());
    answer_number(sense_ir());
    answer_full(setting_now()->white_full);
    answer_full(setting_now()->ir_full);
    answer_signed(setting_now()->trim_ppm);
    return DONE;
}
