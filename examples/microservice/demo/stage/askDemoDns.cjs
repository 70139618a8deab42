// Node loads this file before an instance of the service. It makes the process ask the DNS server
// of the demo for names under `.test`. Your service does not need it, because the DNS servers of
// its machine know its memcacheds.

const dns = require('node:dns');

const { DEMO_DNS = '' } = process.env;
const { Resolver, lookup: lookUpLater } = dns.promises;
const { lookup } = dns;

/** The resolver that the client asks for SRV records. */
class DemoResolver extends Resolver {
    /** @param {import('node:dns').ResolverOptions} [options] */
    constructor(options) {
        super(options);
        this.setServers([DEMO_DNS]);
    }
}

const isOfDemo = (/** @type {string} */ host) => host.endsWith('.test');

/**
 * @param {string} host
 * @param {{ all?: boolean }} [options]
 */
async function lookUpHere(host, { all = false } = {}) {
    const [address] = await new DemoResolver().resolve4(host);
    const found = { address, family: 4 };
    return all ? [found] : found;
}

/**
 * Finds the addresses for sockets.
 * @param {string} host
 * @param {any[]} rest the options, if any, and the callback
 */
function lookUpForSocket(host, ...rest) {
    if (!isOfDemo(host)) return Reflect.apply(lookup, dns, [host, ...rest]);
    const callback = rest.pop();
    lookUpHere(host, ...rest).then(
        found => (Array.isArray(found) ? callback(null, found) : callback(null, found.address, found.family)),
        error => callback(error),
    );
}

Object.assign(dns, { lookup: lookUpForSocket });
Object.assign(dns.promises, {
    Resolver: DemoResolver,
    lookup: (/** @type {string} */ host, /** @type {any} */ options) =>
        isOfDemo(host) ? lookUpHere(host, options) : lookUpLater(host, options),
});
