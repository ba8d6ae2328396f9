/* The loops over samples and pixels that numpy and swscale are too slow for: 20 ms of sound, pictures of half the size,
 * what names stand on.
 *
 * They have twins in Python (audio/mix_minus.py, audio/limiter.py, video/shadow.py) that do the same and are used where
 * this file was not compiled; halving has swscale (video/scaler.py); the tests compare. Arrays come and go as buffers.
 * They take microseconds and keep the GIL: giving it away for each plane cost the compositor as much as the plane.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME = 960, /* audio/mix_minus.py */
    PARTS = 8,   /* audio/limiter.py */
    PART = FRAME / PARTS,
    CEILING = 29205,
};
static const double ROOM = 32767.0 - CEILING, FULL_POWER = 32768.0 * 32768.0;

/* The loops themselves. */

static double power(const int16_t *samples, Py_ssize_t count) {
    int64_t sum = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        sum += (int32_t)samples[i] * samples[i];
    return (double)sum / (double)count;
}

static int32_t peak(const int32_t *samples, int count) {
    int32_t most = 0;
    for (int i = 0; i < count; i++) {
        int32_t size = samples[i] < 0 ? -samples[i] : samples[i];
        most = size > most ? size : most;
    }
    return most;
}

static double bent(double sample) {
    double size = fabs(sample);
    return size <= CEILING ? sample : copysign(CEILING + ROOM * tanh((size - CEILING) / ROOM), sample);
}

/* The gain at the edges of the parts, as audio/limiter.py finds them; the first is given. */
static void find_edges(const int32_t *total, double gain, double rise, double *edges) {
    double allowed[PARTS + 1];
    for (int part = 0; part < PARTS; part++) {
        int32_t most = peak(total + part * PART, PART);
        allowed[part] = most > CEILING ? (double)CEILING / most : 1.0;
    }
    allowed[PARTS] = 1.0;
    edges[0] = gain;
    for (int at = 1; at <= PARTS; at++) {
        edges[at] = fmin(allowed[at - 1], allowed[at]);
        edges[at] = fmin(edges[at], edges[at - 1] * rise);
    }
}

static double limit_into(const int32_t *total, int16_t *into, double gain, double rise) {
    double edges[PARTS + 1];
    if (gain == 1.0 && peak(total, FRAME) <= CEILING) {
        for (int i = 0; i < FRAME; i++)
            into[i] = (int16_t)total[i];
        return gain;
    }
    find_edges(total, gain, rise, edges);
    for (int i = 0; i < FRAME; i++) {
        int part = i / PART;
        double step = (double)((float)i / (float)PART) - part;
        float now = (float)((edges[part + 1] - edges[part]) * step + edges[part]);
        into[i] = (int16_t)bent((double)total[i] * (double)now);
    }
    return edges[PARTS];
}

typedef uint16_t __attribute__((may_alias, aligned(1))) Pair; /* two pixels side by side, in either order */

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default"))) /* what the machine can is found out when this is loaded */
#endif
static void halve_row(const Pair *restrict above, const Pair *restrict below, uint8_t *restrict into, int width) {
    for (int x = 0; x < width; x++) {
        Pair a = above[x], b = below[x];
        into[x] = (uint8_t)((uint16_t)((a & 0xFF) + (a >> 8) + (b & 0xFF) + (b >> 8) + 2) >> 2);
    }
}

enum { NEUTRAL = 128 }; /* video/shadow.py */

static void shade_luma(uint8_t *restrict into, const uint8_t *restrict light, Py_ssize_t width) {
    for (Py_ssize_t x = 0; x < width; x++)
        into[x] = (uint8_t)((into[x] >> 2) + light[x]);
}

static void shade_chroma(uint8_t *into, Py_ssize_t width) {
    for (Py_ssize_t x = 0; x < width; x++)
        into[x] = (uint8_t)((into[x] >> 2) + NEUTRAL / 4 * 3);
}

/* From and to Python. */

static int give(const Py_buffer *view, Py_ssize_t most, const char *what) {
    if (view->len >= most)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes, not %zd", what, view->len, most);
    return 0;
}

static PyObject *level(PyObject *Py_UNUSED(module), PyObject *array) {
    Py_buffer view;
    if (PyObject_GetBuffer(array, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    Py_ssize_t count = view.len / (Py_ssize_t)sizeof(int16_t);
    double found = count ? power(view.buf, count) : 0.0;
    PyBuffer_Release(&view);
    return PyFloat_FromDouble(found > 0 ? fmax(-127.0, 10.0 * log10(found / FULL_POWER)) : -127.0);
}

static PyObject *limit(PyObject *Py_UNUSED(module), PyObject *args) {
    Py_buffer total, into;
    double gain, rise;
    if (!PyArg_ParseTuple(args, "y*w*dd", &total, &into, &gain, &rise))
        return NULL;
    int good = give(&total, FRAME * sizeof(int32_t), "total") && give(&into, FRAME * sizeof(int16_t), "into");
    if (good)
        gain = limit_into(total.buf, into.buf, gain, rise);
    PyBuffer_Release(&total);
    PyBuffer_Release(&into);
    return good ? PyFloat_FromDouble(gain) : NULL;
}

/* A part of a plane, whose lines lie within longer ones. */
static int get_plane(PyObject *array, Py_buffer *view, int flags) {
    if (PyObject_GetBuffer(array, view, PyBUF_STRIDES | flags) < 0)
        return 0;
    if (view->ndim == 2 && view->itemsize == 1 && view->strides[1] == 1)
        return 1;
    PyBuffer_Release(view);
    PyErr_SetString(PyExc_ValueError, "not lines of bytes");
    return 0;
}

/* Whether a plane whose lines have so many bytes holds twice the width and height of another. */
static int holds_double(const Py_buffer *from, Py_ssize_t line, const Py_buffer *into) {
    Py_ssize_t height = into->shape[0], width = into->shape[1];
    if (height > 0 && width > 0 && line >= 2 * width && line <= from->len / (2 * height - 1))
        return give(from, line * (2 * height - 1) + 2 * width, "from");
    PyErr_SetString(PyExc_ValueError, "lines or planes shorter than their pictures");
    return 0;
}

static void halve_into(const uint8_t *from, Py_ssize_t line, const Py_buffer *into) {
    for (Py_ssize_t y = 0; y < into->shape[0]; y++)
        halve_row((const Pair *)(from + 2 * y * line), (const Pair *)(from + (2 * y + 1) * line),
                  (uint8_t *)into->buf + y * into->strides[0], (int)into->shape[1]);
}

static int halve_plane(PyObject *source, Py_ssize_t line, PyObject *target) {
    Py_buffer from, into;
    if (PyObject_GetBuffer(source, &from, PyBUF_SIMPLE) < 0)
        return 0;
    if (!get_plane(target, &into, PyBUF_WRITABLE)) {
        PyBuffer_Release(&from);
        return 0;
    }
    int good = holds_double(&from, line, &into);
    if (good)
        halve_into(from.buf, line, &into);
    PyBuffer_Release(&from);
    PyBuffer_Release(&into);
    return good;
}

enum { PLANES = 3 };

static PyObject *halve(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *from[PLANES], *into[PLANES];
    Py_ssize_t line[PLANES];
    if (!PyArg_ParseTuple(args, "(OOO)(nnn)(OOO)", &from[0], &from[1], &from[2], &line[0], &line[1], &line[2], &into[0],
                          &into[1], &into[2]))
        return NULL;
    for (int i = 0; i < PLANES; i++)
        if (!halve_plane(from[i], line[i], into[i]))
            return NULL;
    Py_RETURN_NONE;
}

static int shade_plane(PyObject *array) {
    Py_buffer plane;
    if (!get_plane(array, &plane, PyBUF_WRITABLE))
        return 0;
    for (Py_ssize_t y = 0; y < plane.shape[0]; y++)
        shade_chroma((uint8_t *)plane.buf + y * plane.strides[0], plane.shape[1]);
    PyBuffer_Release(&plane);
    return 1;
}

static int light_plane(PyObject *array, PyObject *mask) {
    Py_buffer plane, light;
    if (!get_plane(array, &plane, PyBUF_WRITABLE))
        return 0;
    if (!get_plane(mask, &light, 0)) {
        PyBuffer_Release(&plane);
        return 0;
    }
    int good = light.shape[0] == plane.shape[0] && light.shape[1] == plane.shape[1];
    if (!good)
        PyErr_SetString(PyExc_ValueError, "the light has another shape");
    for (Py_ssize_t y = 0; good && y < plane.shape[0]; y++)
        shade_luma((uint8_t *)plane.buf + y * plane.strides[0], (const uint8_t *)light.buf + y * light.strides[0],
                   plane.shape[1]);
    PyBuffer_Release(&plane);
    PyBuffer_Release(&light);
    return good;
}

static PyObject *darken(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *luma, *u, *v, *light;
    if (!PyArg_ParseTuple(args, "OOOO", &luma, &u, &v, &light))
        return NULL;
    if (!light_plane(luma, light) || !shade_plane(u) || !shade_plane(v))
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"level", level, METH_O, "How loud 16-bit samples are, in dBov."},
    {"limit", limit, METH_VARARGS,
     "Write a summed frame within 16 bits, beginning with a gain; the gain it ended with."},
    {"halve", halve, METH_VARARGS, "Write a picture in half its width and height."},
    {"darken", darken, METH_VARARGS, "Darken a rectangle and light it."},
    {NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "mediaserver._mix", NULL, -1, functions};

PyMODINIT_FUNC PyInit__mix(void) {
    return PyModule_Create(&definition);
}
