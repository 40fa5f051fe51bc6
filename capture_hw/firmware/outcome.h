/* How a command ends. Source: docs/panel-protocol.md, "Commands". */
#ifndef OUTCOME_H
#define OUTCOME_H

enum outcome {
    DONE,     /* the answer is sent */
    CONFIRM,  /* the command itself is the answer */
    LATER,    /* it is being written to EEPROM; then one of these follows */
    ERROR_VERB,
    ERROR_ARGUMENTS,
    ERROR_RANGE,
    ERROR_ORDER,
    ERROR_CRC,
    ERROR_BUSY,
    ERROR_STORAGE
};

#endif
