/** Where memcached is. The project's set-up script puts it on the PATH or names it in MEMCACHED_BIN. */
export function memcachedBinary() {
    return process.env.MEMCACHED_BIN || 'memcached';
}
