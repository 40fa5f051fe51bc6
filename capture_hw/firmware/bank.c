#include "bank.h"

#include <stddef.h>

#include "crc.h"
#include "eeprom.h"
#include "tick.h"

#define BANKS 2u
#define LOOK_MS (1000ul * ACCELERATION)

struct header {
    uint16_t generation;
    uint16_t program_crc;
    uint16_t crc; /* of the two above; written last */
};

enum step { REST, WRITE_PROGRAM, WRITE_HEADER };

static struct program running;
static struct header current;
/* With the newest whole header, be its program whole or not. */
static uint8_t used_bank = BANKS;
static bool is_running;
static enum step step;
static const struct program *committing;
static struct header coming;
static uint32_t looked_ms;

static uint16_t header_address(uint8_t bank)
{
    return EEPROM_BANKS + bank * EEPROM_BANK_SIZE;
}

static uint16_t program_address(uint8_t bank)
{
    return header_address(bank) + sizeof(struct header);
}

static uint16_t header_crc(const struct header *header)
{
    return crc_of(header, offsetof(struct header, crc));
}

static uint8_t other_bank(void)
{
    return used_bank == 0 ? 1 : 0;
}

static bool read_header(uint8_t bank, struct header *header)
{
    eeprom_read(header_address(bank), header, sizeof *header);
    return header->crc == header_crc(header);
}

/* The program in RAM is whole and can be run. */
static bool is_whole(const struct header *header)
{
    return program_fault(&running) == PROGRAM_RUNS && program_crc(&running) == header->program_crc;
}

void bank_load(void)
{
    struct header headers[BANKS];
    bool valid[BANKS];

    for (uint8_t bank = 0; bank < BANKS; bank++)
        valid[bank] = read_header(bank, &headers[bank]);
    used_bank = BANKS;
    if (valid[0])
        used_bank = 0;
    if (valid[1]
        && (!valid[0] || (int16_t)(headers[1].generation - headers[0].generation) > 0))
        used_bank = 1;
    is_running = false;
    if (used_bank == BANKS)
        return;
    current = headers[used_bank];
    eeprom_read(program_address(used_bank), &running, sizeof running);
    /* A header is written after its program: what is not whole behind it has rotted. The other bank
     * has an older program, which nobody has asked for. */
    is_running = is_whole(&current);
}

const struct program *bank_program(void)
{
    return is_running ? &running : NULL;
}

uint16_t bank_crc(void)
{
    return is_running ? current.program_crc : 0;
}

uint16_t bank_generation(void)
{
    return is_running ? current.generation : 0;
}

const struct program *bank_mend(void)
{
    if (!is_running || is_whole(&current))
        return bank_program();
    if (step != REST || !eeprom_is_idle())
        return NULL;
    bank_load();
    return bank_program();
}

enum outcome bank_commit(const struct program *program)
{
    if (step != REST || !eeprom_write(program_address(other_bank()), program, sizeof *program))
        return ERROR_BUSY;
    committing = program;
    coming.generation = (used_bank < BANKS ? current.generation : 0) + 1;
    /* 0 says "none" in the protocol. */
    if (!coming.generation)
        coming.generation = 1;
    coming.program_crc = program_crc(program);
    coming.crc = header_crc(&coming);
    step = WRITE_PROGRAM;
    return LATER;
}

static enum outcome end(enum outcome outcome)
{
    step = REST;
    return outcome;
}

static enum outcome write_header(void)
{
    uint8_t bank = other_bank();

    if (!eeprom_holds(program_address(bank), committing, sizeof *committing))
        return end(ERROR_STORAGE);
    if (eeprom_write(header_address(bank), &coming, sizeof coming))
        step = WRITE_HEADER;
    return LATER;
}

static enum outcome run(void)
{
    uint8_t bank = other_bank();

    if (!eeprom_holds(header_address(bank), &coming, sizeof coming))
        return end(ERROR_STORAGE);
    running = *committing;
    current = coming;
    used_bank = bank;
    is_running = true;
    return end(CONFIRM);
}

static void look(void)
{
    if (tick_uptime_ms() - looked_ms < LOOK_MS)
        return;
    looked_ms = tick_uptime_ms();
    bank_mend();
}

enum outcome bank_turn(void)
{
    if (!eeprom_is_idle())
        return LATER;
    switch (step) {
    case WRITE_PROGRAM:
        return write_header();
    case WRITE_HEADER:
        return run();
    default:
        look();
        return LATER;
    }
}
