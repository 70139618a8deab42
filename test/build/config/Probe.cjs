/**
 * A component of a service that gets a cache from its container. The component uses the cache, and
 * then interrupts the process as an operator does.
 */
class Probe {
    /** @param {{ getOneRequired(locator: unknown): any }} references */
    setReferences(references) {
        const { Descriptor } = require('pip-services3-commons-nodex');
        this.cache = references.getOneRequired(new Descriptor('*', 'cache', 'memcached', '*', '1.0'));
    }

    isOpen() {
        return true;
    }

    /** @param {string} traceId */
    async open(traceId) {
        await this.cache.store(traceId, 'key', { from: 'probe' }, 5000);
        console.log(JSON.stringify(await this.cache.retrieve(traceId, 'key')));
        setImmediate(() => process.kill(process.pid, 'SIGINT'));
    }
}

module.exports = { Probe };
