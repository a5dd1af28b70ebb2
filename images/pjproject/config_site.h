/* Our pjproject settings, put behind limits.<profile>.h by scripts/build_pjsua2.
 * Assertions stay on: a call from a foreign thread must end the process, not corrupt it.
 */
#define PJMEDIA_HAS_VIDEO                   0
#define PJMEDIA_SRTP_HAS_DTLS               1

/* Our patch 0001: an idle stream sends one packet per this many milliseconds. */
#define PJMEDIA_STREAM_IDLE_INTERVAL_MSEC   2000
