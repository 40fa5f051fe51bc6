#include "order.h"

#include <string.h>

#include "answer.h"
#include "bank.h"
#include "clock.h"
#include "command.h"
#include "override.h"
#include "rtc.h"
#include "sense.h"
#include "setting.h"
#include "staging.h"
#include "word.h"

#define MOST_OFFSET_MIN 840
#define MOST_MS 999u
#define UNUSED __attribute__((unused))

static const struct limit any_8 = {0, UINT8_MAX};
static const struct limit any_16 = {0, UINT16_MAX};
static const struct limit any_32 = {0, UINT32_MAX};

enum outcome order_heartbeat(char *const words[] UNUSED, uint8_t count UNUSED)
{
    return CONFIRM;
}

enum outcome order_time(char *const words[], uint8_t count)
{
    const struct limit limits[] = {
        any_32, {0, MOST_MS}, {-MOST_OFFSET_MIN, MOST_OFFSET_MIN},
    };
    uint32_t values[3];
    enum outcome outcome = word_numbers(words, count, limits, values);

    if (outcome != DONE)
        return outcome;
    clock_set(values[0], values[1], CLOCK_HOST);
    clock_set_offset((int16_t)values[2]);
    rtc_follow();
    return CONFIRM;
}

static enum outcome begin_override(enum lamp lamp, char *const words[], uint16_t floor,
                                   uint32_t longest_ms)
{
    const struct limit limits[] = {{floor, FULL_LEVEL}, {1, longest_ms}};
    uint32_t values[2];
    enum outcome outcome = word_numbers(words, 2, limits, values);

    if (outcome != DONE)
        return outcome;
    override_begin(lamp, values[0], values[1]);
    return CONFIRM;
}

enum outcome order_override(char *const words[], uint8_t count)
{
    if (count == 3 && !strcmp(words[0], "white"))
        return begin_override(WHITE, &words[1], 0, LONGEST_WHITE_MS);
    if (count == 3 && !strcmp(words[0], "ir"))
        return begin_override(IR, &words[1], IR_FLOOR, LONGEST_IR_MS);
    if (count != 1 || strcmp(words[0], "end"))
        return ERROR_ARGUMENTS;
    override_end();
    return CONFIRM;
}

enum outcome order_begin(char *const words[], uint8_t count)
{
    uint32_t ir;
    enum outcome outcome = word_numbers(words, count, &any_16, &ir);

    if (outcome != DONE)
        return outcome;
    staging_begin(ir);
    return CONFIRM;
}

enum outcome order_stage_era(char *const words[], uint8_t count)
{
    const struct limit limits[] = {any_32, any_32, {1, LONGEST_CYCLE_S}, any_8};
    uint32_t values[4];
    enum outcome outcome = word_numbers(words, count, limits, values);

    if (outcome != DONE)
        return outcome;
    const struct era era = {values[0], values[1], values[2], 0, values[3]};
    outcome = staging_add_era(&era);
    return outcome == DONE ? CONFIRM : outcome;
}

enum outcome order_stage_span(char *const words[], uint8_t count)
{
    const struct limit limits[] = {any_32, any_16, any_16};
    uint32_t values[3];
    enum outcome outcome = word_numbers(words, count, limits, values);

    if (outcome != DONE)
        return outcome;
    const struct span span = {values[0], values[1], values[2]};
    outcome = staging_add_span(&span);
    return outcome == DONE ? CONFIRM : outcome;
}

enum outcome order_verify(char *const words[] UNUSED, uint8_t count UNUSED)
{
    enum outcome outcome = staging_check();

    if (outcome != DONE)
        return outcome;
    command_answer();
    answer_hex(program_crc(staging_program()));
    return DONE;
}

/* The first answer was lost. Two programs may have the same CRC: one that is staged counts. */
static bool is_repeat(uint16_t crc, bool is_staged)
{
    const struct program *running = bank_program();
    const struct program *staged = staging_program();

    return running && crc == bank_crc()
           && !(is_staged && crc == program_crc(staged) && memcmp(staged, running, sizeof *staged));
}

enum outcome order_commit(char *const words[], uint8_t count UNUSED)
{
    uint16_t crc;
    enum outcome outcome = word_crc(words[0], &crc);

    if (outcome != DONE)
        return outcome;
    outcome = staging_check();
    if (is_repeat(crc, outcome == DONE))
        return CONFIRM;
    if (outcome != DONE)
        return outcome;
    if (crc != program_crc(staging_program()))
        return ERROR_CRC;
    return bank_commit(staging_program());
}

enum outcome order_trim(char *const words[], uint8_t count)
{
    const struct limit limit = {-MOST_TRIM_PPM, MOST_TRIM_PPM};
    struct setting setting = *setting_now();
    uint32_t ppm;
    enum outcome outcome = word_numbers(words, count, &limit, &ppm);

    if (outcome != DONE)
        return outcome;
    setting.trim_ppm = (int16_t)ppm;
    return setting_keep(&setting);
}

/* `-` leaves what there was. */
static enum outcome parse_full(char *const word[], uint16_t *full)
{
    const struct limit limit = {1, SENSOR_MOST};
    uint32_t value;
    enum outcome outcome;

    if (word_is_none(*word))
        return DONE;
    outcome = word_numbers(word, 1, &limit, &value);
    if (outcome == DONE)
        *full = value;
    return outcome;
}

enum outcome order_calibrate(char *const words[], uint8_t count UNUSED)
{
    struct setting setting = *setting_now();
    enum outcome white = parse_full(&words[0], &setting.white_full);
    enum outcome ir = parse_full(&words[1], &setting.ir_full);

    if (white == ERROR_ARGUMENTS || ir == ERROR_ARGUMENTS)
        return ERROR_ARGUMENTS;
    if (white != DONE || ir != DONE)
        return ERROR_RANGE;
    return setting_keep(&setting);
}
