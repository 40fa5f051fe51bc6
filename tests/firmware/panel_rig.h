/* The emulated board; see panel_rig.c, panel_rig_board.c, panel_rig_rtc.c. */
#ifndef PANEL_RIG_H
#define PANEL_RIG_H

#include <simavr/sim_avr.h>
#include <stdint.h>

enum { RIG_CHANGES = 200000, RIG_BYTES = 1 << 16, RIG_EEPROM = 1024, RIG_HOOKS = 9 };
enum { SUPPLY_MV = 5000 };
enum { RIG_RUNS, RIG_CUT, RIG_CRASHED };
enum { RIG_TORN_OLD, RIG_TORN_ERASED, RIG_TORN_NEW, RIG_TORN_RANDOM };
enum { RIG_SOUND, RIG_DEAD, RIG_STUCK_ON };

struct rig_change {
    uint64_t us;
    uint16_t white;
    uint16_t ir;
};

struct rig_sensor {
    int fault;
    unsigned noise;
};

struct rig_hook {
    struct rig *rig;
    avr_io_write_t write;
    void *param;
};

/* A DS3231. */
struct rtc {
    int is_present, is_stopped, is_stuck, has_lost_time;
    double drift_ppm;
    double at_s;        /* seconds since 1970 that it shows, */
    uint64_t at_us;     /* at this true time */
    uint8_t registers[19];
    uint8_t selected, has_pointer, pointer, is_written;
    unsigned held_clocks; /* until it lets go of SDA */
    uint8_t damaged, flipped;
    unsigned sound_reads, damaged_reads, damaged_writes;
    avr_irq_t *input;
};

struct rig {
    avr_t *avr;
    void *timer1;
    avr_irq_t *uart_in;
    uint8_t *eeprom;
    unsigned seed;
    uint8_t paint;
    int has_wave, is_powered, is_held, is_cut, is_hung, is_eeprom_busy;
    double crystal_ppm, acceleration;
    uint64_t base_us, base_cycle;
    uint16_t white, ir;
    struct rig_sensor sensors[2];
    uint32_t cut_after, eeprom_writes, violations, starts;
    int torn;
    uint32_t hung_at;
    uint8_t hung_code[4];
    struct rig_hook hooks[RIG_HOOKS];
    struct rtc rtc;
    int feed_begin, feed_end, sent_count, change_count;
    uint8_t feed[RIG_BYTES], sent[RIG_BYTES];
    struct rig_change changes[RIG_CHANGES];
};

uint64_t rig_time_us(const struct rig *rig);
void rig_connect(struct rig *rig);
void rig_note_light(struct rig *rig);
void rig_keep_feeding(struct rig *rig);
void rtc_connect(struct rig *rig);
void rtc_see_clock(struct rig *rig, uint8_t before, uint8_t now);

#endif
