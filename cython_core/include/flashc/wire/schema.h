/* The push messages. Generated from cython_core/wire/schema.py, which explains them.

   fs_push_kinds[message][field number] is one of FS_KIND_*, or FS_KIND_INNER plus the number of the message that is
   repeated there. fs_push_bodies[number - FS_PUSH_FIRST_BODY] is the message of a member of the oneof. */
#pragma once

#include <stdint.h>

#define FS_KIND_STRING 1
#define FS_KIND_INT32 2
#define FS_KIND_INT64 3
#define FS_KIND_BOOL 4
#define FS_KIND_INNER 5

#define FS_PUSH_MESSAGES 21
#define FS_PUSH_FIELDS 27
#define FS_PUSH_FIRST_BODY 301
#define FS_PUSH_LAST_BODY 315
#define FS_PUSH_PushDataV3ApiWrapper 0
#define FS_PUSH_PublicDealsV3Api 1
#define FS_PUSH_PublicDealsV3ApiItem 2
#define FS_PUSH_PublicIncreaseDepthsV3Api 3
#define FS_PUSH_PublicIncreaseDepthV3ApiItem 4
#define FS_PUSH_PublicLimitDepthsV3Api 5
#define FS_PUSH_PublicLimitDepthV3ApiItem 6
#define FS_PUSH_PrivateOrdersV3Api 7
#define FS_PUSH_PublicBookTickerV3Api 8
#define FS_PUSH_PrivateDealsV3Api 9
#define FS_PUSH_PrivateAccountV3Api 10
#define FS_PUSH_PublicSpotKlineV3Api 11
#define FS_PUSH_PublicMiniTickerV3Api 12
#define FS_PUSH_PublicMiniTickersV3Api 13
#define FS_PUSH_PublicBookTickerBatchV3Api 14
#define FS_PUSH_PublicIncreaseDepthsBatchV3Api 15
#define FS_PUSH_PublicAggreDepthsV3Api 16
#define FS_PUSH_PublicAggreDepthV3ApiItem 17
#define FS_PUSH_PublicAggreDealsV3Api 18
#define FS_PUSH_PublicAggreDealsV3ApiItem 19
#define FS_PUSH_PublicAggreBookTickerV3Api 20

static const uint8_t fs_push_kinds[FS_PUSH_MESSAGES][FS_PUSH_FIELDS] = {
    [FS_PUSH_PushDataV3ApiWrapper] = {[1] = FS_KIND_STRING, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_INT64, [6] = FS_KIND_INT64},
    [FS_PUSH_PublicDealsV3Api] = {[1] = FS_KIND_INNER + 2, [2] = FS_KIND_STRING},
    [FS_PUSH_PublicDealsV3ApiItem] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_INT32, [4] = FS_KIND_INT64},
    [FS_PUSH_PublicIncreaseDepthsV3Api] = {[1] = FS_KIND_INNER + 4, [2] = FS_KIND_INNER + 4, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING},
    [FS_PUSH_PublicIncreaseDepthV3ApiItem] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING},
    [FS_PUSH_PublicLimitDepthsV3Api] = {[1] = FS_KIND_INNER + 6, [2] = FS_KIND_INNER + 6, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_INT64},
    [FS_PUSH_PublicLimitDepthV3ApiItem] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING},
    [FS_PUSH_PrivateOrdersV3Api] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_STRING, [6] = FS_KIND_STRING, [7] = FS_KIND_INT32, [8] = FS_KIND_INT32, [9] = FS_KIND_BOOL, [10] = FS_KIND_STRING, [11] = FS_KIND_STRING, [12] = FS_KIND_STRING, [13] = FS_KIND_STRING, [14] = FS_KIND_STRING, [15] = FS_KIND_INT32, [16] = FS_KIND_INT64, [17] = FS_KIND_STRING, [18] = FS_KIND_INT32, [19] = FS_KIND_STRING, [20] = FS_KIND_INT32, [21] = FS_KIND_STRING, [22] = FS_KIND_STRING, [23] = FS_KIND_STRING, [24] = FS_KIND_STRING, [25] = FS_KIND_STRING, [26] = FS_KIND_STRING},
    [FS_PUSH_PublicBookTickerV3Api] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING},
    [FS_PUSH_PrivateDealsV3Api] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_STRING, [4] = FS_KIND_INT32, [5] = FS_KIND_BOOL, [6] = FS_KIND_BOOL, [7] = FS_KIND_STRING, [8] = FS_KIND_STRING, [9] = FS_KIND_STRING, [10] = FS_KIND_STRING, [11] = FS_KIND_STRING, [12] = FS_KIND_INT64},
    [FS_PUSH_PrivateAccountV3Api] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_STRING, [6] = FS_KIND_STRING, [7] = FS_KIND_STRING, [8] = FS_KIND_INT64},
    [FS_PUSH_PublicSpotKlineV3Api] = {[1] = FS_KIND_STRING, [2] = FS_KIND_INT64, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_STRING, [6] = FS_KIND_STRING, [7] = FS_KIND_STRING, [8] = FS_KIND_STRING, [9] = FS_KIND_INT64},
    [FS_PUSH_PublicMiniTickerV3Api] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_STRING, [6] = FS_KIND_STRING, [7] = FS_KIND_STRING, [8] = FS_KIND_STRING, [9] = FS_KIND_STRING, [10] = FS_KIND_STRING, [11] = FS_KIND_STRING, [12] = FS_KIND_STRING},
    [FS_PUSH_PublicMiniTickersV3Api] = {[1] = FS_KIND_INNER + 12},
    [FS_PUSH_PublicBookTickerBatchV3Api] = {[1] = FS_KIND_INNER + 8, [2] = FS_KIND_STRING, [3] = FS_KIND_INT64},
    [FS_PUSH_PublicIncreaseDepthsBatchV3Api] = {[1] = FS_KIND_INNER + 3, [2] = FS_KIND_STRING},
    [FS_PUSH_PublicAggreDepthsV3Api] = {[1] = FS_KIND_INNER + 17, [2] = FS_KIND_INNER + 17, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_STRING, [6] = FS_KIND_INT64},
    [FS_PUSH_PublicAggreDepthV3ApiItem] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING},
    [FS_PUSH_PublicAggreDealsV3Api] = {[1] = FS_KIND_INNER + 19, [2] = FS_KIND_STRING},
    [FS_PUSH_PublicAggreDealsV3ApiItem] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_INT32, [4] = FS_KIND_INT64, [5] = FS_KIND_STRING},
    [FS_PUSH_PublicAggreBookTickerV3Api] = {[1] = FS_KIND_STRING, [2] = FS_KIND_STRING, [3] = FS_KIND_STRING, [4] = FS_KIND_STRING, [5] = FS_KIND_STRING, [6] = FS_KIND_INT64},
};

static const uint8_t fs_push_bodies[FS_PUSH_LAST_BODY - FS_PUSH_FIRST_BODY + 1] = {
    [0] = FS_PUSH_PublicDealsV3Api,
    [1] = FS_PUSH_PublicIncreaseDepthsV3Api,
    [2] = FS_PUSH_PublicLimitDepthsV3Api,
    [3] = FS_PUSH_PrivateOrdersV3Api,
    [4] = FS_PUSH_PublicBookTickerV3Api,
    [5] = FS_PUSH_PrivateDealsV3Api,
    [6] = FS_PUSH_PrivateAccountV3Api,
    [7] = FS_PUSH_PublicSpotKlineV3Api,
    [8] = FS_PUSH_PublicMiniTickerV3Api,
    [9] = FS_PUSH_PublicMiniTickersV3Api,
    [10] = FS_PUSH_PublicBookTickerBatchV3Api,
    [11] = FS_PUSH_PublicIncreaseDepthsBatchV3Api,
    [12] = FS_PUSH_PublicAggreDepthsV3Api,
    [13] = FS_PUSH_PublicAggreDealsV3Api,
    [14] = FS_PUSH_PublicAggreBookTickerV3Api,
};
