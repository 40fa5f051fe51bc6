#include "setting.h"

#include <stdbool.h>
#include <stddef.h>

#include "crc.h"
#include "eeprom.h"

#define COPIES 2u

struct kept {
    struct setting setting;
    uint16_t generation;
    uint16_t crc; /* of the above; written last */
};

static struct kept current;
static struct kept coming;
static uint8_t used_copy;
static bool is_keeping;

static uint16_t address_of(uint8_t copy)
{
    return EEPROM_SETTINGS + copy * EEPROM_SETTINGS_SIZE;
}

static uint16_t crc_of_kept(const struct kept *kept)
{
    return crc_of(kept, offsetof(struct kept, crc));
}

static bool is_trim(int16_t ppm)
{
    return ppm >= -MOST_TRIM_PPM && ppm <= MOST_TRIM_PPM;
}

void setting_load(void)
{
    bool found = false;

    for (uint8_t copy = 0; copy < COPIES; copy++) {
        struct kept kept;

        eeprom_read(address_of(copy), &kept, sizeof kept);
        if (kept.crc != crc_of_kept(&kept) || !is_trim(kept.setting.trim_ppm))
            continue;
        if (found && (int16_t)(kept.generation - current.generation) <= 0)
            continue;
        found = true;
        current = kept;
        used_copy = copy;
    }
}

const struct setting *setting_now(void)
{
    return &current.setting;
}

enum outcome setting_keep(const struct setting *setting)
{
    uint8_t copy = used_copy ? 0 : 1;

    if (is_keeping)
        return ERROR_BUSY;
    coming.setting = *setting;
    coming.generation = current.generation + 1;
    coming.crc = crc_of_kept(&coming);
    if (!eeprom_write(address_of(copy), &coming, sizeof coming))
        return ERROR_BUSY;
    is_keeping = true;
    return LATER;
}

enum outcome setting_turn(void)
{
    uint8_t copy = used_copy ? 0 : 1;

    if (!is_keeping || !eeprom_is_idle())
        return LATER;
    is_keeping = false;
    if (!eeprom_holds(address_of(copy), &coming, sizeof coming))
        return ERROR_STORAGE;
    current = coming;
    used_copy = copy;
    return CONFIRM;
}
