/* The hot loops of importer.recompression: Go's two deflate encoders as Python objects.
 *
 * Built against the stable ABI of Python 3.11. The interpreter's lock is released while compressing;
 * an object belongs to one thread at a time, and a second one that calls it gets a RuntimeError.
 */
#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "classic_stream.h"
#include "modern_stream.h"

typedef struct {
    PyObject_HEAD
    void *encoder; /* a Classic or a Modern */
    int busy;
    int finished;
} Handle;

static int claim(Handle *handle)
{
    if (handle->encoder == NULL || handle->finished || handle->busy) {
        PyErr_SetString(PyExc_RuntimeError,
                        handle->busy ? "the encoder is in use by another thread" : "the encoder has finished");
        return 0;
    }
    handle->busy = 1;
    return 1;
}

/* Hands over what is ready. */
static PyObject *release(Handle *handle, Sink *sink)
{
    handle->busy = 0;
    if (sink->out_of_memory) {
        handle->finished = 1;
        return PyErr_NoMemory();
    }
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)sink->data, (Py_ssize_t)sink->size);
    sink->size = 0;
    return bytes;
}

static void deallocate(PyObject *self)
{
    Handle *handle = (Handle *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (handle->encoder != NULL) {
        /* The sink is the first member of both. */
        free(((Sink *)handle->encoder)->data);
        free(handle->encoder);
    }
    freefunc deallocator = (freefunc)PyType_GetSlot(type, Py_tp_free);
    deallocator(self);
    Py_DECREF(type);
}

static PyObject *allocate(PyTypeObject *type, size_t size)
{
    allocfunc allocator = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Handle *handle = (Handle *)allocator(type, 0);
    if (handle == NULL) {
        return NULL;
    }
    handle->encoder = malloc(size);
    if (handle->encoder == NULL) {
        Py_DECREF(handle);
        return PyErr_NoMemory();
    }
    /* So that a constructor that fails leaves nothing undefined to free. */
    memset(handle->encoder, 0, size);
    return (PyObject *)handle;
}

/* --- Classic --------------------------------------------------------------------------------------- */

static PyObject *classic_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"level", NULL};
    int level;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "i", names, &level)) {
        return NULL;
    }
    if (!classic_level_exists(level)) {
        PyErr_Format(PyExc_ValueError, "no level %d", level);
        return NULL;
    }
    PyObject *self = allocate(type, sizeof(Classic));
    if (self != NULL) {
        classic_start(((Handle *)self)->encoder, level);
    }
    return self;
}

static PyObject *classic_py_write(PyObject *self, PyObject *data)
{
    Handle *handle = (Handle *)self;
    Classic *encoder = handle->encoder;
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    if (!claim(handle)) {
        PyBuffer_Release(&view);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    classic_write(encoder, view.buf, (size_t)view.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return release(handle, &encoder->sink);
}

static PyObject *classic_py_finish(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    Handle *handle = (Handle *)self;
    Classic *encoder = handle->encoder;
    if (!claim(handle)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    classic_finish(encoder);
    Py_END_ALLOW_THREADS
    handle->finished = 1;
    return release(handle, &encoder->sink);
}

static PyMethodDef classic_methods[] = {
    {"write", classic_py_write, METH_O, "Take raw bytes; return the compressed bytes ready so far."},
    {"finish", classic_py_finish, METH_NOARGS, "End the stream; return the rest of it."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot classic_slots[] = {
    {Py_tp_doc, "Go's compress/flate up to 1.26: levels 1 to 9."},
    {Py_tp_new, classic_new},
    {Py_tp_dealloc, deallocate},
    {Py_tp_methods, classic_methods},
    {0, NULL},
};

static PyType_Spec classic_spec = {
    .name = "importer.recompression.engines.native._deflate.Classic",
    .basicsize = sizeof(Handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = classic_slots,
};

/* --- Modern ---------------------------------------------------------------------------------------- */

static PyObject *modern_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"level", "full_tables", NULL};
    int level;
    int full_tables = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "i|p", names, &level, &full_tables)) {
        return NULL;
    }
    if (!modern_level_exists(level)) {
        PyErr_Format(PyExc_ValueError, "no level %d", level);
        return NULL;
    }
    PyObject *self = allocate(type, sizeof(Modern));
    if (self != NULL) {
        modern_start(((Handle *)self)->encoder, level, full_tables);
    }
    return self;
}

static PyObject *modern_py_write(PyObject *self, PyObject *data)
{
    Handle *handle = (Handle *)self;
    Modern *encoder = handle->encoder;
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    if (!claim(handle)) {
        PyBuffer_Release(&view);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    modern_write(encoder, view.buf, (size_t)view.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return release(handle, &encoder->sink);
}

static PyObject *modern_py_reset(PyObject *self, PyObject *dictionary)
{
    Handle *handle = (Handle *)self;
    Py_buffer view;
    if (PyObject_GetBuffer(dictionary, &view, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    if (!claim(handle)) {
        PyBuffer_Release(&view);
        return NULL;
    }
    modern_reset(handle->encoder, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    handle->busy = 0;
    Py_RETURN_NONE;
}

static PyObject *modern_py_flush(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    Handle *handle = (Handle *)self;
    Modern *encoder = handle->encoder;
    if (!claim(handle)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    modern_flush(encoder);
    Py_END_ALLOW_THREADS
    return release(handle, &encoder->sink);
}

static PyObject *modern_py_finish(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    Handle *handle = (Handle *)self;
    Modern *encoder = handle->encoder;
    if (!claim(handle)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    modern_finish(encoder);
    Py_END_ALLOW_THREADS
    handle->finished = 1;
    return release(handle, &encoder->sink);
}

static PyMethodDef modern_methods[] = {
    {"write", modern_py_write, METH_O, "Take raw bytes; return the compressed bytes ready so far."},
    {"reset", modern_py_reset, METH_O, "Forget all that came before but the dictionary, and start over."},
    {"flush", modern_py_flush, METH_NOARGS, "Compress all that was taken in and end at a byte boundary."},
    {"finish", modern_py_finish, METH_NOARGS, "End the stream; return the rest of it."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot modern_slots[] = {
    {Py_tp_doc, "Go's compress/flate from 1.27 on and klauspost/compress: levels 1 to 9."},
    {Py_tp_new, modern_new},
    {Py_tp_dealloc, deallocate},
    {Py_tp_methods, modern_methods},
    {0, NULL},
};

static PyType_Spec modern_spec = {
    .name = "importer.recompression.engines.native._deflate.Modern",
    .basicsize = sizeof(Handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = modern_slots,
};

/* --- The module ------------------------------------------------------------------------------------- */

static int add_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int result = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return result;
}

static int execute(PyObject *module)
{
    prepare_tables();
    return add_type(module, &classic_spec) != 0 || add_type(module, &modern_spec) != 0 ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, execute},
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "importer.recompression.engines.native._deflate",
    .m_doc = "Go's deflate encoders, byte for byte.",
    .m_size = 0,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__deflate(void)
{
    return PyModuleDef_Init(&module_definition);
}
