# SPDX-License-Identifier: Apache-2.0
#
# Makes ARCHIVE of what a release has of SOURCE_DIR, in a folder of its own.

cmake_policy(VERSION 3.25)
cmake_path(GET ARCHIVE PARENT_PATH folder)
file(REMOVE_RECURSE ${folder})
file(COPY ${SOURCE_DIR}/include ${SOURCE_DIR}/cmake ${SOURCE_DIR}/CMakeLists.txt ${SOURCE_DIR}/LICENSE
     DESTINATION ${folder}/hat-release)
execute_process(COMMAND ${CMAKE_COMMAND} -E tar czf ${ARCHIVE} hat-release
                WORKING_DIRECTORY ${folder} COMMAND_ERROR_IS_FATAL ANY)
