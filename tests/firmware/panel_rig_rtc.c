/* A DS3231 on the emulated board's I2C bus. Source: Maxim DS3231 data sheet, register map. */
#define _GNU_SOURCE
#include <simavr/avr_twi.h>
#include <string.h>
#include <time.h>

#include "panel_rig.h"

enum { ADDRESS = 0xD0, REG_TWCR = 0xBC, BIT_TWINT = 1 << 7, BIT_SCL = 1 << 5, STATUS = 15, TIME_REGISTERS = 7 };
enum { YEARS_BEFORE = 100 }; /* of struct tm, at 2000 */

static uint8_t to_bcd(int value)
{
    return value / 10 << 4 | value % 10;
}

static int from_bcd(uint8_t bcd)
{
    return (bcd >> 4) * 10 + (bcd & 0x0F);
}

static double shown_s(const struct rig *rig)
{
    const struct rtc *rtc = &rig->rtc;
    double passed_s = (rig_time_us(rig) - rtc->at_us) / 1e6 * rig->acceleration;

    return rtc->is_stopped ? rtc->at_s : rtc->at_s + passed_s * (1 + rtc->drift_ppm / 1e6);
}

static void settle(struct rig *rig)
{
    rig->rtc.at_s = shown_s(rig);
    rig->rtc.at_us = rig_time_us(rig);
}

static void latch(struct rig *rig)
{
    time_t seconds = (time_t)shown_s(rig);
    uint8_t *registers = rig->rtc.registers;
    struct tm date;

    gmtime_r(&seconds, &date);
    registers[0] = to_bcd(date.tm_sec);
    registers[1] = to_bcd(date.tm_min);
    registers[2] = to_bcd(date.tm_hour);
    registers[3] = date.tm_wday + 1;
    registers[4] = to_bcd(date.tm_mday);
    registers[5] = to_bcd(date.tm_mon + 1);
    registers[6] = to_bcd((date.tm_year - YEARS_BEFORE) % 100);
    registers[STATUS] = rig->rtc.has_lost_time ? 0x80 : 0;
}

static void take_time(struct rig *rig)
{
    const uint8_t *registers = rig->rtc.registers;
    struct tm date = {.tm_sec = from_bcd(registers[0]), .tm_min = from_bcd(registers[1]),
                      .tm_hour = from_bcd(registers[2]), .tm_mday = from_bcd(registers[4]),
                      .tm_mon = from_bcd(registers[5]) - 1,
                      .tm_year = from_bcd(registers[6]) + YEARS_BEFORE};

    rig->rtc.at_s = timegm(&date);
    rig->rtc.at_us = rig_time_us(rig);
    rig->rtc.has_lost_time = registers[STATUS] >> 7;
}

/* What is flipped of the byte that goes over the bus now. */
static uint8_t damage(const struct rtc *rtc, unsigned *left)
{
    if (rtc->pointer != rtc->damaged || !*left)
        return 0;
    --*left;
    return rtc->flipped;
}

static uint8_t damaged_read(struct rtc *rtc)
{
    if (rtc->pointer != rtc->damaged || !rtc->sound_reads)
        return damage(rtc, &rtc->damaged_reads);
    rtc->sound_reads--;
    return 0;
}

static void write_register(struct rtc *rtc, uint8_t byte)
{
    if (!rtc->has_pointer) {
        rtc->has_pointer = 1;
        rtc->pointer = byte % sizeof rtc->registers;
        return;
    }
    rtc->registers[rtc->pointer] = byte ^ damage(rtc, &rtc->damaged_writes);
    rtc->is_written |= rtc->pointer < TIME_REGISTERS;
    rtc->pointer = (rtc->pointer + 1) % sizeof rtc->registers;
}

static void on_bus(avr_irq_t *irq, uint32_t value, void *param)
{
    struct rig *rig = param;
    struct rtc *rtc = &rig->rtc;
    avr_twi_msg_irq_t message = {.u.v = value};
    uint8_t what = message.u.twi.msg;

    (void)irq;
    if (what & TWI_COND_STOP) {
        if (rtc->is_written)
            take_time(rig);
        rtc->selected = rtc->is_written = 0;
    }
    if (what & TWI_COND_START) {
        rtc->selected = 0;
        if (rtc->is_present && (message.u.twi.addr & 0xFE) == ADDRESS) {
            rtc->selected = message.u.twi.addr;
            rtc->has_pointer = message.u.twi.addr & 1;
            latch(rig);
            avr_raise_irq(rtc->input, avr_twi_irq_msg(TWI_COND_ACK, rtc->selected, 1));
        }
    }
    if (!rtc->selected)
        return;
    if (what & TWI_COND_WRITE) {
        avr_raise_irq(rtc->input, avr_twi_irq_msg(TWI_COND_ACK, rtc->selected, 1));
        write_register(rtc, message.u.twi.data);
    }
    if (what & TWI_COND_READ) {
        uint8_t byte = rtc->registers[rtc->pointer] ^ damaged_read(rtc);

        avr_raise_irq(rtc->input, avr_twi_irq_msg(TWI_COND_READ, rtc->selected, byte));
        rtc->pointer = (rtc->pointer + 1) % sizeof rtc->registers;
    }
}

/* On a bus that is held low the controller's interface never gets done. */
static uint8_t read_twcr(avr_t *avr, avr_io_addr_t address, void *param)
{
    const struct rig *rig = param;

    return rig->rtc.is_stuck || rig->rtc.held_clocks ? avr->data[address] & ~BIT_TWINT : avr->data[address];
}

/* A device that was cut off in a byte lets go of SDA after so many clocks, which the controller gives
 * as an output that it turns on and off. */
void rtc_see_clock(struct rig *rig, uint8_t before, uint8_t now)
{
    if (rig->rtc.held_clocks && before & BIT_SCL && !(now & BIT_SCL))
        rig->rtc.held_clocks--;
}

void rtc_connect(struct rig *rig)
{
    avr_t *avr = rig->avr;

    rig->rtc.input = avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_OUTPUT), on_bus,
                            rig);
    avr_register_io_read(avr, REG_TWCR, read_twcr, rig);
}

void rig_set_rtc(struct rig *rig, int is_present, int is_stopped, int is_stuck, double drift_ppm)
{
    settle(rig);
    rig->rtc.is_present = is_present;
    rig->rtc.is_stopped = is_stopped;
    rig->rtc.has_lost_time |= is_stopped;
    rig->rtc.is_stuck = is_stuck;
    rig->rtc.drift_ppm = drift_ppm;
}

void rig_set_rtc_time(struct rig *rig, double utc_s, int has_lost_time)
{
    rig->rtc.at_s = utc_s;
    rig->rtc.at_us = rig_time_us(rig);
    rig->rtc.has_lost_time = has_lost_time;
}

void rig_hold_bus(struct rig *rig, unsigned clocks)
{
    rig->rtc.held_clocks = clocks;
}

void rig_damage_rtc(struct rig *rig, uint8_t place, uint8_t flipped, unsigned sound,
                    unsigned reads, unsigned writes)
{
    rig->rtc.sound_reads = sound;
    rig->rtc.damaged = place;
    rig->rtc.flipped = flipped;
    rig->rtc.damaged_reads = reads;
    rig->rtc.damaged_writes = writes;
}

double rig_rtc_time(const struct rig *rig)
{
    return shown_s(rig);
}
