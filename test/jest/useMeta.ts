// The tests of this run use the meta protocol, and so do the processes that they start.
process.env.TEST_PROTOCOL = 'meta';
