/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines as the environment of a Lambda function wants them. */
#ifndef LEAT_LAMBDA_LOGS_H
#define LEAT_LAMBDA_LOGS_H

#include <leat/log.h>

/*
 * Sets level, format and descriptor of an initialised logger by what Lambda put into the environment:
 *
 *   AWS_LAMBDA_LOG_FORMAT                    JSON, or text as Lambda's own runtimes write it (also when it is not set)
 *   AWS_LAMBDA_LOG_LEVEL                     TRACE to FATAL; not set: the logger's level stays
 *   AWS_LAMBDA_MAX_CONCURRENCY               above 1, on managed instances: JSON, whatever the format says
 *   _LAMBDA_TELEMETRY_LOG_FD                 frames go to this descriptor
 *   _LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET frames go to this Unix socket; asked if there is no descriptor
 *
 * `level_given`, `format_given`: the user's own options said so, and the logger's level or format stays as it is.
 * The last two variables are gone afterwards, and their descriptor is closed on exec: no child may write into frames.
 * What cannot be used is a warning in the log, and the logger's descriptor stays. Before there are threads.
 */
void leat_lambda_logs(struct leat_logger *logger, bool level_given, bool format_given);

#endif
