#include <iostream>

#include "postcard/postcard.h"

int main(int argc, char** argv) {
  if (argc > 1) {
    for (int i = 1; i < argc; ++i) std::cout << postcard::Write(argv[i]) << "\n";
    return 0;
  }
  for (const std::string& town : postcard::Towns()) std::cout << postcard::Write(town) << "\n";
  return 0;
}
