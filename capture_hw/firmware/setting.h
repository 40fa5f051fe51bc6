/* What is kept besides the program: the clock's trim, the sensors' calibration. */
#ifndef SETTING_H
#define SETTING_H

#include <stdint.h>

#include "outcome.h"

#define MOST_TRIM_PPM 20000
#define SENSOR_MOST 1023u

struct setting {
    int16_t trim_ppm;
    uint16_t white_full; /* raw reading at full light; 0 if never calibrated */
    uint16_t ir_full;
};

/* Load what was kept last; zeros if there is nothing. EEPROM must be idle. */
void setting_load(void);

/* Borrow what is in effect. */
const struct setting *setting_now(void);

/* Begin to keep other settings; BUSY if EEPROM is. They are in effect when they are read back. */
enum outcome setting_keep(const struct setting *setting);

/* Go on; LATER until it has ended, then CONFIRM or STORAGE. */
enum outcome setting_turn(void);

#endif
