import koffi from 'koffi';

/**
 * What native functions run on when they are called on another thread: the most Koffi gives. Its
 * own 128 KiB are too little for ONNX Runtime: a start that reports itself takes 300 bytes for each
 * of the process's command line, and a stack that overflows ends the process. Memory is taken only
 * where it is used.
 */
const stackBytes = 16 * 1024 ** 2;

// Koffi takes settings only before the first library is loaded.
koffi.config({ async_stack_size: stackBytes });

export { koffi };
