/**
 * The folders of `src`, from the bottom up. A file imports only from its own folder and from
 * folders of earlier rows. That holds for types too.
 */
const LAYERS = [
    ['util', 'diagnostics'],
    ['client/model'],
    ['client/protocol'],
    ['client/protocol/binary', 'client/protocol/meta'],
    ['client/calls'],
    ['client/channel'],
    ['client/server'],
    ['client/cluster/ketama'],
    ['client/cluster'],
    ['client/memjs'],
    ['client'],
    ['component'],
    ['connect/tls'],
    ['connect/discovery'],
    ['connect/sources'],
    ['connect'],
    ['cache/model'],
    ['cache/values'],
    ['cache/keys'],
    ['cache/engine'],
    ['cache/load'],
    ['cache', 'lock'],
    ['build', 'keyv'],
    ['src'],
];

/** Folders that turn data into data. From Node's network modules they import only types. */
const PURE = [
    'util',
    'diagnostics',
    'client/model',
    'client/protocol',
    'client/protocol/binary',
    'client/protocol/meta',
    'client/calls',
    'client/cluster/ketama',
    'cache/model',
    'cache/values',
];

/** The only folders that open sockets: to servers, and to DNS and cluster endpoints. */
const SOCKETS = ['client/channel', 'connect/sources'];

module.exports = { LAYERS, PURE, SOCKETS };
