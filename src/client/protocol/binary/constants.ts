/** The numbers of memcached's binary protocol. */

export const Opcode = {
    GET: 0x00,
    SET: 0x01,
    ADD: 0x02,
    REPLACE: 0x03,
    DELETE: 0x04,
    INCREMENT: 0x05,
    DECREMENT: 0x06,
    FLUSH: 0x08,
    GETQ: 0x09,
    NOOP: 0x0a,
    VERSION: 0x0b,
    APPEND: 0x0e,
    PREPEND: 0x0f,
    STAT: 0x10,
    SETQ: 0x11,
    DELETEQ: 0x14,
    TOUCH: 0x1c,
    GAT: 0x1d,
    SASL_AUTH: 0x21,
} as const;

export const HEADER_BYTES = 24;
export const REQUEST_MAGIC = 0x80;
export const REPLY_MAGIC = 0x81;

/** The expiry with which INCREMENT and DECREMENT do not create the counter. */
export const NO_CREATE = 0xffffffff;
