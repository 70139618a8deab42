/**
 * The opcodes of memcached's binary protocol that tests of frames name. The opcodes are independent
 * of `src/client/protocol`, so that the tests detect a mistake there.
 */
export const opcodes = {
    GET: 0x00,
    SET: 0x01,
    ADD: 0x02,
    REPLACE: 0x03,
    DELETE: 0x04,
    INCREMENT: 0x05,
    DECREMENT: 0x06,
    GETQ: 0x09,
    NOOP: 0x0a,
    VERSION: 0x0b,
    STAT: 0x10,
    SETQ: 0x11,
    DELETEQ: 0x14,
    TOUCH: 0x1c,
    GAT: 0x1d,
    SASL_AUTH: 0x21,
} as const;
