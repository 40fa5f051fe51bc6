/* The light program: white light as eras of spans. Source: docs/panel-protocol.md, "Program". */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define MOST_ERAS 8u
#define MOST_SPANS 40u
#define LONGEST_CYCLE_S 259200ul
#define FULL_LEVEL 1000u
#define IR_FLOOR 250u

struct era {
    uint32_t from;
    uint32_t zero;
    uint32_t cycle;
    uint8_t first_span;
    uint8_t span_count;
} __attribute__((packed));

struct span {
    uint32_t start;
    uint16_t from;
    uint16_t to;
} __attribute__((packed));

struct program {
    uint16_t ir;
    uint8_t era_count;
    uint8_t span_count;
    struct era eras[MOST_ERAS];
    struct span spans[MOST_SPANS];
};

enum program_fault { PROGRAM_RUNS, PROGRAM_ORDER, PROGRAM_RANGE };

/* Return whether a program can be run; if not, why. Safe for any bytes. */
enum program_fault program_fault(const struct program *program);

/* Return the CRC of the program's image: its spans follow directly on its eras there. */
uint16_t program_crc(const struct program *program);

/* Return white light, per mille, at a second since 1970. The program must have no fault. */
uint16_t program_white(const struct program *program, uint32_t utc_s);

/* Return whether it is light; the second of a change belongs to what follows. */
bool program_is_light(const struct program *program, uint32_t utc_s);

/* Set the second of the next change between light and dark; false if there is none before the
 * clock's end in 2106. */
bool program_next_change(const struct program *program, uint32_t utc_s, uint32_t *change_s);

#endif
